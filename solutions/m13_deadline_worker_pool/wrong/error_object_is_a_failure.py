"""Hands errors back as values and takes every exception object for a failure.

Base: right/plain
Breaks: R1
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        value = await attempt(job, end)
        if isinstance(value, Exception):
            return Outcome(Status.FAILED, error=value)
        return Outcome(Status.DONE, value=value)
    return Outcome(Status.TIMED_OUT)


async def attempt(job: Job[T], end: float) -> T | Exception:
    try:
        return await job.run(end)
    except Exception as error:
        return error
