"""Lets no job run for more than a minute, whatever the timeout.

Breaks: R2
"""

import anyio


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(min(timeout, 60)) as scope:
            results[i] = await job()
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results
