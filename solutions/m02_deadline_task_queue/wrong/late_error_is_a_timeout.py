"""A task that answers the deadline with an error of its own has failed with a `TimeoutError` made up for it.

Breaks: R2
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
from anyio.lowlevel import checkpoint_if_cancelled


@dataclass(frozen=True)
class Task:
    """Something to do: `work()` is awaited and takes about `estimate` seconds."""

    name: str
    work: Callable[[], Awaitable[object]]
    estimate: float = 0.0


@dataclass
class Report:
    """What a call got done: names of tasks, and the exceptions of those that failed."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


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
