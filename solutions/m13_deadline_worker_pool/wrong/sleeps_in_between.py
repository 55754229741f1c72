"""Takes a short breath with `time.sleep` after each job.

Base: right/plain
Breaks: G4
Also: R1 R2 R3 R4 R5 R6 R7 R8 G1 G2 G3 G5 G6 G9
"""

import time


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))

    async def work() -> None:
        while waiting:
            job = waiting.popleft()
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                outcomes[job.name] = await run_one(job, end)
                time.sleep(0.001)

    async with anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes
