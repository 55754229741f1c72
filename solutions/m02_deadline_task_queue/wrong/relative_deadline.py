"""Takes `deadline` for a number of seconds from now.

Base: right/plain
Breaks: R2
Also: R3 R4 R5
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_after(deadline):
        await run_tasks(queue, report)
    return report
