"""Built with tasks that are taken out first and put back, in their place, when anything but their own error ends them."""

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
    with anyio.CancelScope(deadline=deadline):
        try:
            while queue:
                task = queue.popleft()
                left = min(deadline, anyio.current_effective_deadline()) - anyio.current_time()
                if not 0 < left >= task.estimate:
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
            queue.extendleft(reversed(skipped))
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
