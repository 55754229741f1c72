"""Adds to the report only when all is over: after a timeout it is empty.

Base: right/plain
Breaks: R2
Also: R3
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    with anyio.move_on_at(deadline):
        report = Report()
        await run_tasks(queue, report)
        return report
    return Report()
