"""Takes `run` for an `async def` function.

Base: right/plain
Breaks: G9
"""

import inspect


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            made = job.run(end)
            if not inspect.iscoroutine(made):
                raise TypeError("run must be async")
            return Outcome(Status.DONE, value=await made)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
