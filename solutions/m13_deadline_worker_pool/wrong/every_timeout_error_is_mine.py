"""Takes a job's own `TimeoutError` for its end.

Base: right/plain
Breaks: R1
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    try:
        with anyio.fail_after(end - anyio.current_time()):
            return Outcome(Status.DONE, value=await job.run(end))
    except TimeoutError:
        return Outcome(Status.TIMED_OUT)
    except Exception as error:
        return Outcome(Status.FAILED, error=error)
