"""Calls `run` before the `try`: what it raises at once ends the pool.

Base: right/plain
Breaks: G9
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        made = job.run(end)
        try:
            return Outcome(Status.DONE, value=await made)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
