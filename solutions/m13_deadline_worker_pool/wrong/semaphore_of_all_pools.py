"""Keeps one semaphore for each number of workers: pools with the same number share their workers.

Base: right/plain
Breaks: R2
"""

slots: dict[int, anyio.Semaphore] = {}


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))
    free = slots.setdefault(workers, anyio.Semaphore(workers))

    async def work() -> None:
        while waiting:
            async with free:
                if not waiting:
                    return
                job = waiting.popleft()
                end = min(job.deadline, pool_end)
                left = end - anyio.current_time()
                if left > 0 and left >= job.estimate:
                    outcomes[job.name] = await run_one(job, end)

    async with anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes
