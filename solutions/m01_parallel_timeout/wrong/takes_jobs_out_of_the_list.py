"""Takes the jobs out of the caller's list.

Breaks: R1
"""

import anyio


async def gather_within(jobs, *, timeout):
    results = [TIMED_OUT] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout):
            results[i] = await job()

    async with anyio.create_task_group() as tg:
        while jobs:
            job = jobs.pop()
            tg.start_soon(run, len(jobs), job)
    return results
