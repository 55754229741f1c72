"""A margin of zero, given, is refused.

Breaks: R5
"""

import anyio

del _run


async def run_pool(jobs, *, workers, deadline, margin=None):
    if workers < 1 or (margin is not None and margin <= 0):
        raise ValueError("workers must be at least 1 and margin not negative")
    margin = margin or 0.0
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    report = dict.fromkeys(job.name for job in jobs)
    queue = iter(sorted(jobs, key=lambda job: job.deadline))

    async def work():
        for job in queue:
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left <= 0 or left < job.estimate:
                report[job.name] = Outcome(Status.SKIPPED)
                continue
            outcome = Outcome(Status.TIMED_OUT)
            with anyio.CancelScope(deadline=end):
                try:
                    outcome = Outcome(Status.DONE, value=await job.run(end))
                except Exception as error:
                    outcome = Outcome(Status.FAILED, error=error)
            report[job.name] = outcome

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return report
