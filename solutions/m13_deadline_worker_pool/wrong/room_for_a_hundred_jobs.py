"""The stream in which the jobs wait has room for a hundred: a longer list raises `WouldBlock`.

Base: right/plain
Breaks: R1
"""


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    send, receive = anyio.create_memory_object_stream[Job[T]](100)
    with send:
        for job in sorted(jobs, key=lambda job: job.deadline):
            send.send_nowait(job)

    async def work() -> None:
        async for job in receive:
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                outcomes[job.name] = await run_one(job, end)

    async with receive, anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes
