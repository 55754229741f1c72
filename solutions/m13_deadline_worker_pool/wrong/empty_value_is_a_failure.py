"""Takes a job that gives nothing for one that was cut off.

Base: right/plain
Breaks: R1
Also: R4 R5 G9
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            value = await job.run(end)
            if value:
                return Outcome(Status.DONE, value=value)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
