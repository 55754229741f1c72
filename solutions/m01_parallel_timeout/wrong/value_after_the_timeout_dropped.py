"""Asks the scope first, and then has no entry for a job that returned all the same.

Breaks: R1
"""

import anyio


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout) as scope:
            value = await job()
            if not scope.cancel_called:
                results[i] = value
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results
