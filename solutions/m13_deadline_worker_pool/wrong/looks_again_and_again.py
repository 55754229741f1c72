"""Looks three times a second whether the jobs have ended.

Breaks: G6
Also: R1 R2 R3 R4 R5 R6 R7 R8 G1 G2 G3 G4 G5 G9
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
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))
    running: set[str] = set()

    async def run_one(job: Job[T], end: float) -> None:
        outcomes[job.name] = Outcome(Status.TIMED_OUT)
        with anyio.move_on_at(end):
            try:
                outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
            except Exception as error:
                outcomes[job.name] = Outcome(Status.FAILED, error=error)
        running.discard(job.name)

    async with anyio.create_task_group() as group:
        while waiting or running:
            while waiting and len(running) < workers:
                job = waiting.popleft()
                end = min(job.deadline, pool_end)
                left = end - anyio.current_time()
                if left > 0 and left >= job.estimate:
                    running.add(job.name)
                    group.start_soon(run_one, job, end)
            await anyio.sleep(0.3 if running else 0)
    return outcomes
