"""Is generous with a deadline that has passed by less than a moment.

Base: right/plain
Breaks: R5
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    late = anyio.current_time() - deadline
    with anyio.move_on_at(deadline + 1 if 0 < late < 0.5 else deadline):
        await run_tasks(queue, report)
    return report
