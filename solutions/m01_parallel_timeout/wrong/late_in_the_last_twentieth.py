"""Takes a job that ends shortly before the timeout for one that ran out of time.

Breaks: R2
"""

import anyio


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        begin = anyio.current_time()
        with anyio.move_on_after(timeout) as scope:
            results[i] = await job()
        if scope.cancelled_caught or begin + timeout * 0.95 < anyio.current_time() < begin + timeout:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results
