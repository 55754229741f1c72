"""A job that raises a `TimeoutError` of its own is tried again as long as time is left.

Base: right/plain
Breaks: R3
Also: R1
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            try:
                return Outcome(Status.DONE, value=await job.run(end))
            except TimeoutError:
                return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
