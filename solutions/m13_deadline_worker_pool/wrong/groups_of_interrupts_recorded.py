"""Catches every `BaseExceptionGroup`, also one with an interrupt in it, as a failure of the job.

Base: right/plain
Breaks: G5
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except (Exception, BaseExceptionGroup) as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
