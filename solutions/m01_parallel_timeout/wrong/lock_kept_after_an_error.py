"""Takes a lock of the module, and does not give it back when a job raises: the next call waits for ever.

Breaks: R1
"""

import anyio

_LOCK: list = []


async def gather_within(jobs, *, timeout):
    while _LOCK:
        await _LOCK[0].wait()
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
    except Exception:
        _LOCK.append(anyio.Event())
        raise
    return results
