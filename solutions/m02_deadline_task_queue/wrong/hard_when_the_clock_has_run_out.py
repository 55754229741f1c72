"""Raises whenever the deadline has passed, also if all was done.

Base: right/plain
Breaks: R6
"""


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if anyio.current_time() >= deadline or queue:
        raise TimeoutError
    return report
