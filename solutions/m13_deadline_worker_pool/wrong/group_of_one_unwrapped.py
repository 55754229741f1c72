"""Takes the error out of a group that has only one, as if it were its own task group.

Base: right/plain
Breaks: R1
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except ExceptionGroup as group:
            return Outcome(Status.FAILED, error=group.exceptions[0] if len(group.exceptions) == 1 else group)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
