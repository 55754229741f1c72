"""Ignores the errors of its own streams, and with them those of a job.

Breaks: R4
"""

import anyio


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        try:
            with anyio.move_on_after(timeout) as scope:
                results[i] = await job()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.WouldBlock):
            results[i] = TIMED_OUT
            return
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results
