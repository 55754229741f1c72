"""Raises when a task has failed: not all of it was done.

Base: right/plain
Breaks: R6
"""


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue or report.failed:
        raise TimeoutError
    return report
