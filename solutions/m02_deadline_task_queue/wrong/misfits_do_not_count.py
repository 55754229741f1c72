"""Raises only if the own deadline has really passed.

Base: right/plain
Breaks: R6
"""


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue and anyio.current_time() >= deadline:
        raise TimeoutError
    return report
