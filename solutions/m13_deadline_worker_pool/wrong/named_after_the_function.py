"""Starts each job as a task that is named after its function.

Base: right/plain
Breaks: G9
"""

log: list[str] = []


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            log.append(job.run.__name__)
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
