"""Lets only the errors out of a group: what is not an `Exception` beside them is lost.

Breaks: G5
"""

import anyio


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout) as scope:
            results[i] = await job()
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    try:
        async with anyio.create_task_group() as tg:
            for i, job in enumerate(jobs):
                tg.start_soon(run, i, job)
    except BaseExceptionGroup as eg:
        errors = eg.split(Exception)[0]
        if errors is not None:
            raise errors from None
        raise
    return results
