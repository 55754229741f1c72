"""Built with a walk over a copy; the queue is filled anew with what was not settled, whatever happens."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio


@dataclass(frozen=True)
class Task:
    name: str
    work: Callable[[], Awaitable[object]]
    estimate: float = 0.0


@dataclass
class Report:
    done: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


async def _walk(queue: deque[Task], deadline: float, report: Report) -> None:
    everything = list(queue)
    end = min(deadline, anyio.current_effective_deadline())
    try:
        for task in everything:
            now = anyio.current_time()
            if now >= end or now + task.estimate > end:
                continue
            with anyio.CancelScope(deadline=deadline) as scope:
                try:
                    await task.work()
                    report.done.append(task.name)
                except Exception as error:
                    report.failed[task.name] = error
            if scope.cancel_called:
                break
    finally:
        settled = {*report.done, *report.failed}
        queue.clear()
        queue.extend(task for task in everything if task.name not in settled)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    await _walk(queue, deadline, report)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
