"""Takes each `TimeoutError` for its own timeout, if it comes in a group.

Base: right/amap_with_context
Breaks: R4
"""

del _deadline


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        try:
            with anyio.move_on_after(timeout) as scope:
                results[i] = await job()
        except ExceptionGroup as eg:
            rest = eg.split(TimeoutError)[1]
            if rest is not None:
                raise rest
            results[i] = TIMED_OUT
            return
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results
