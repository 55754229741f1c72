"""A watching task cancels the job at its end: inside, no deadline can be seen.

Base: right/plain
Breaks: R3
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    outcome: Outcome[T] = Outcome(Status.TIMED_OUT)
    scope = anyio.CancelScope()

    async def watch() -> None:
        await anyio.sleep_until(end)
        scope.cancel()

    async with anyio.create_task_group() as group:
        if end < math.inf:
            group.start_soon(watch)
        with scope:
            try:
                outcome = Outcome(Status.DONE, value=await job.run(end))
            except Exception as error:
                outcome = Outcome(Status.FAILED, error=error)
        group.cancel_scope.cancel()
    return outcome
