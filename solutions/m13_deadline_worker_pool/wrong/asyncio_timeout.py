"""Uses asyncio's own timeout.

Base: right/plain
Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 R7 R8 G2 G3 G4 G5 G6 G9
"""

import asyncio


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    try:
        async with asyncio.timeout_at(end) as scope:
            try:
                return Outcome(Status.DONE, value=await job.run(end))
            except Exception as error:
                return Outcome(Status.FAILED, error=error)
    except TimeoutError:
        if not scope.expired():
            raise
    return Outcome(Status.TIMED_OUT)
