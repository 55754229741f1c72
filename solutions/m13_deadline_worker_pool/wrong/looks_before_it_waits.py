"""Looks at the clock before it waits for a free worker, and not again when it has one.

Breaks: R5
"""

import anyio

del _run


async def run_pool(jobs, *, workers, deadline, margin=0.0):
    if workers < 1 or margin < 0:
        raise ValueError
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    free = anyio.Semaphore(workers)

    async def run(job, end):
        try:
            outcomes[job.name] = await run_one(job, end)
        finally:
            free.release()

    async with anyio.create_task_group() as group:
        for job in sorted(jobs, key=lambda job: job.deadline):
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left <= 0 or left < job.estimate:
                continue
            await free.acquire()
            group.start_soon(run, job, end)
    return outcomes


async def run_one(job, end):
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
