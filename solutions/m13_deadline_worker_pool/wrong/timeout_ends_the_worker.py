"""The scope of a job stands around the worker's loop: a late job ends its worker.

Breaks: R4
Also: R2 R5 G9
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
        with anyio.CancelScope() as scope:
            while waiting:
                job = waiting.popleft()
                scope.deadline = end = min(job.deadline, pool_end)
                left = end - anyio.current_time()
                if left > 0 and left >= job.estimate:
                    outcomes[job.name] = Outcome(Status.TIMED_OUT)
                    outcomes[job.name] = await run_one(job, end)

    async with anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    try:
        return Outcome(Status.DONE, value=await job.run(end))
    except Exception as error:
        return Outcome(Status.FAILED, error=error)
