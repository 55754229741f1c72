"""Works through a copy of the queue: the report says what was done.

Base: right/plain
Breaks: R1
Also: R2 R3 R6
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline):
        await run_tasks(queue.copy(), report)
    return report
