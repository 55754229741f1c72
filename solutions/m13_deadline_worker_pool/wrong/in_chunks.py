"""Runs chunks of `workers` jobs, one chunk after the other.

Breaks: R2
Also: R4
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

    async def run_one(job: Job[T]) -> None:
        end = min(job.deadline, pool_end)
        outcomes[job.name] = Outcome(Status.TIMED_OUT)
        with anyio.move_on_at(end):
            try:
                outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
            except Exception as error:
                outcomes[job.name] = Outcome(Status.FAILED, error=error)

    while waiting:
        async with anyio.create_task_group() as group:
            chunk = 0
            while waiting and chunk < workers:
                job = waiting.popleft()
                left = min(job.deadline, pool_end) - anyio.current_time()
                if left > 0 and left >= job.estimate:
                    group.start_soon(run_one, job)
                    chunk += 1
    return outcomes
