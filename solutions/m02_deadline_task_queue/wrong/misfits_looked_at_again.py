"""Looks again and again whether what is left fits by now.

Base: right/plain
Breaks: G6
Also: R1 R6
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report)
        while queue and anyio.current_time() < deadline:
            await anyio.sleep(0.5)
            await run_tasks(queue, report)
    return report
