"""A task that answers the deadline with an error of its own has failed with a `TimeoutError` made up for it.

Breaks: R2
"""

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

del _run_what_fits


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    """Run tasks until `deadline`; report whatever got done."""
    report = Report()
    with anyio.CancelScope(deadline=deadline) as scope:
        for task in list(queue):
            left = anyio.current_effective_deadline() - anyio.current_time()
            if left <= 0 or task.estimate > left:
                continue
            try:
                await task.work()
            except Exception as error:
                report.failed[task.name] = TimeoutError("deadline") if scope.cancel_called else error
            else:
                report.done.append(task.name)
            queue.remove(task)
    await checkpoint_if_cancelled()
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    """Run all tasks by `deadline`, or raise `TimeoutError`."""
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError(f"{len(queue)} tasks are left")
    return report
