"""Marks itself busy in the module, and stays so when it is cancelled: the next call is refused.

Breaks: R1
"""

import anyio

_BUSY: list = []


async def gather_within(jobs, *, timeout):
    if _BUSY:
        raise RuntimeError("busy")
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
    except anyio.get_cancelled_exc_class():
        _BUSY.append(1)
        raise
    return results
