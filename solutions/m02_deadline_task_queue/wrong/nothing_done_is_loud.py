"""Raises when there is nothing to report.

Base: right/plain
Breaks: R2
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report)
    if queue and not (report.done or report.failed):
        raise TimeoutError
    return report
