"""Puts the skipped tasks back with `extendleft`, which turns them around.

Breaks: R3
"""

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


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    skipped: list[Task] = []
    with anyio.move_on_at(deadline) as scope:
        try:
            while queue:
                task = queue.popleft()
                left = anyio.current_effective_deadline() - anyio.current_time()
                if left <= 0 or task.estimate > left:
                    skipped.append(task)
                    continue
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                except BaseException:
                    queue.appendleft(task)
                    raise
                else:
                    report.done.append(task.name)
        finally:
            queue.extendleft(skipped)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
