"""Shields the jobs, so that only their end can cut them.

Base: right/plain
Breaks: G3
Also: R8 G5
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end, shield=True):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
