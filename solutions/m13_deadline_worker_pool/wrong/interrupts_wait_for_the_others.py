"""Keeps what is not an `Exception` until all jobs have run.

Base: right/plain
Breaks: G5
"""


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))

    interrupts: list[BaseException] = []

    async def work() -> None:
        while waiting:
            job = waiting.popleft()
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                try:
                    outcomes[job.name] = await run_one(job, end)
                except anyio.get_cancelled_exc_class():
                    raise
                except BaseException as error:
                    interrupts.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    if interrupts:
        raise interrupts[0]
    return outcomes
