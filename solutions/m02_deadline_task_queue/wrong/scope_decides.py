"""Raises when the scope cancelled something; what was left without that is forgotten.

Base: right/plain
Breaks: R6
"""


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.fail_at(deadline):
        await run_tasks(queue, report)
    return report
