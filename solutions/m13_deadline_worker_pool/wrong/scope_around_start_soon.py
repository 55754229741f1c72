"""Starts each job as a task, and puts the scope around `start_soon`: it bounds nothing.

Breaks: R3
Also: R1 R2 R4 R5 R6 R7 R8 G1 G2 G3 G4 G5 G6 G9
"""

import anyio

del _run


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    free = anyio.Semaphore(workers)

    async def run_one(job: Job[T], end: float) -> None:
        outcomes[job.name] = Outcome(Status.TIMED_OUT)
        try:
            outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            outcomes[job.name] = Outcome(Status.FAILED, error=error)
        finally:
            free.release()

    async with anyio.create_task_group() as group:
        for job in sorted(jobs, key=lambda job: job.deadline):
            await free.acquire()
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left <= 0 or left < job.estimate:
                free.release()
                continue
            with anyio.move_on_at(end):
                group.start_soon(run_one, job, end)
    return outcomes
