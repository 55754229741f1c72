"""The default value of a parameter is taken for a new one in each call.

Base: right/plain
Breaks: R6
Also: G9 R1 R2 R3
"""


async def drain_until(queue: deque[Task], *, deadline: float, report: Report = Report()) -> Report:
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report)
    return report
