"""A job that ran out of time fails with `TimeoutError`.

Base: right/plain
Breaks: R4
Also: R7
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    try:
        with anyio.fail_after(end - anyio.current_time()):
            return Outcome(Status.DONE, value=await job.run(end))
    except Exception as error:
        return Outcome(Status.FAILED, error=error)
