"""Takes a second off the deadline, to be on the safe side.

Base: right/plain
Breaks: R2
Also: R4
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline - 1):
        await run_tasks(queue, report)
    return report
