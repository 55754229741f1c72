"""Tells by the clock whose cancellation it was: after a long cleanup that is wrong.

Base: right/plain
Breaks: G3
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    try:
        with anyio.move_on_at(deadline):
            await run_tasks(queue, report)
    except anyio.get_cancelled_exc_class():
        if anyio.current_time() < deadline:
            raise
    return report
