"""Does not catch the error of a job: it cancels all others.

Base: right/plain
Breaks: R1
Also: R2 R4 R5 R7 G9
"""


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        return Outcome(Status.DONE, value=await job.run(end))
    return Outcome(Status.TIMED_OUT)
