"""Jobs whose deadlines lie within the same second count as equal.

Breaks: R6
"""

import anyio

del _run


async def run_pool(jobs, *, workers, deadline, margin=0.0):
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1 and margin not negative")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    report = dict.fromkeys(job.name for job in jobs)
    queue = iter(sorted(jobs, key=lambda job: job.deadline // 1 if job.deadline < math.inf else job.deadline))

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
