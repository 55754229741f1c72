"""A group of errors with a `TimeoutError` in it counts as the deadline that it set itself.

Base: right/plain
Breaks: R1
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except ExceptionGroup as group:
            if group.subgroup(TimeoutError):
                return Outcome(Status.TIMED_OUT)
            return Outcome(Status.FAILED, error=group)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
