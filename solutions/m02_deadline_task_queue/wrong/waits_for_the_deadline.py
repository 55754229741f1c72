"""Stays until the deadline, also when nothing is left to do.

Base: right/plain
Breaks: R1
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report)
        await anyio.sleep_until(deadline)
    return report
