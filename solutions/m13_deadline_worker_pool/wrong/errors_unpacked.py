"""Takes the first error out of a group.

Base: right/plain
Breaks: R1
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
