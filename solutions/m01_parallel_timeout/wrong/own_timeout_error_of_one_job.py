"""Has a short way for a single job, in which every `TimeoutError` is the timeout.

Base: right/amap_with_context
Breaks: R4
"""

del _deadline


async def _single(job, timeout):
    try:
        with anyio.fail_after(timeout):
            return [await job()]
    except TimeoutError:
        return [TIMED_OUT]


async def gather_within(jobs, *, timeout):
    if len(jobs) == 1:
        return await _single(jobs[0], timeout)
    results = [None] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout) as scope:
            results[i] = await job()
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results
