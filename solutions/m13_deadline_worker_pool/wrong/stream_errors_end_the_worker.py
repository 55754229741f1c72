"""Takes a `WouldBlock` out of a job for the empty queue: the worker ends, and the job counts as skipped.

Breaks: R1
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
    send, receive = anyio.create_memory_object_stream[Job[T]](max(1, len(jobs)))
    for job in sorted(jobs, key=lambda job: job.deadline):
        send.send_nowait(job)

    async def work() -> None:
        try:
            while True:
                job = receive.receive_nowait()
                end = min(job.deadline, pool_end)
                left = end - anyio.current_time()
                if left > 0 and left >= job.estimate:
                    outcomes[job.name] = await run_one(job, end)
        except anyio.WouldBlock:
            return

    async with send, receive, anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except anyio.WouldBlock:
            raise
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
