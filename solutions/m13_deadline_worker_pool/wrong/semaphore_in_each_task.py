"""Starts a task for each job in the right order; whichever gets to the semaphore first runs first.

Breaks: R6
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

    async def run_one(job: Job[T]) -> None:
        end = min(job.deadline, pool_end)
        async with free:
            left = end - anyio.current_time()
            if left <= 0 or left < job.estimate:
                return
            with anyio.move_on_at(end):
                try:
                    outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
                except Exception as error:
                    outcomes[job.name] = Outcome(Status.FAILED, error=error)
                return
            outcomes[job.name] = Outcome(Status.TIMED_OUT)

    async with anyio.create_task_group() as group:
        for job in sorted(jobs, key=lambda job: job.deadline):
            group.start_soon(run_one, job)
    return outcomes
