"""Stops its timer only if all jobs were done in the first half of the time: else the call waits for it.

Base: right/caller_runs_the_last
Breaks: R2
"""


async def gather_within(jobs, *, timeout):
    results = [None] * len(jobs)
    left = len(jobs)
    begin = anyio.current_time()

    async def timer(tg):
        await anyio.sleep(timeout)

    async def run(i, job, timers):
        nonlocal left
        with anyio.move_on_after(timeout) as scope:
            results[i] = await job()
        if scope.cancelled_caught:
            results[i] = TIMED_OUT
        left -= 1
        if not left and anyio.current_time() - begin < timeout / 2:
            timers.cancel_scope.cancel()

    if not jobs:
        return []
    async with anyio.create_task_group() as tg, anyio.create_task_group() as timers:
        timers.start_soon(timer, tg)
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job, timers)
    return results
