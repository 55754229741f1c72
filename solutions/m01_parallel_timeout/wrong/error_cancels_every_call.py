"""Keeps all task groups of the module in a list: an error in one call cancels the jobs of the others.

Base: right/amap_with_context
Breaks: R1
"""

del _deadline
_GROUPS: list = []


async def gather_within(jobs, *, timeout):
    results = [TIMED_OUT] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout):
            try:
                results[i] = await job()
            except Exception:
                for g in _GROUPS:
                    g.cancel_scope.cancel()
                raise

    async with anyio.create_task_group() as tg:
        _GROUPS.append(tg)
        try:
            for i, job in enumerate(jobs):
                tg.start_soon(run, i, job)
            if jobs:
                await anyio.sleep(0)
        finally:
            tg.start_soon(anyio.lowlevel.checkpoint)
    _GROUPS.remove(tg)
    return results
