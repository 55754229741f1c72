"""Tells each job how many seconds it has.

Base: right/plain
Breaks: R3
Also: R5
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end - anyio.current_time()))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
