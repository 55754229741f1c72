"""Waits a moment when the deadline has passed already, with `time.sleep`.

Base: right/plain
Breaks: G4
"""

import time


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    if anyio.current_time() > deadline:
        time.sleep(0.02)
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report)
    return report
