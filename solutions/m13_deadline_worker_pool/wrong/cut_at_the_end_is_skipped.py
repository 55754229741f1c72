"""One scope around all workers ends the pool; what it cuts off stays `SKIPPED`.

Breaks: R4
Also: R7
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

    async def work() -> None:
        while waiting:
            job = waiting.popleft()
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                outcomes[job.name] = await run_one(job, end)

    with anyio.move_on_at(pool_end):
        async with anyio.create_task_group() as group:
            for _ in range(min(workers, len(jobs))):
                group.start_soon(work)
    return outcomes


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end) as scope:
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    assert scope.cancelled_caught
    return Outcome(Status.TIMED_OUT)
