"""Takes every cancellation for the job's end.

Base: right/plain
Breaks: G3
Also: R8
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except anyio.get_cancelled_exc_class():
            return Outcome(Status.TIMED_OUT)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
