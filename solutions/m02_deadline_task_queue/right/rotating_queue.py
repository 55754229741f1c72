"""Built with a queue that is turned past the tasks that do not fit, and turned back at the end."""

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
    turned = 0
    with anyio.move_on_at(deadline) as scope:
        try:
            while turned < len(queue) and not scope.cancel_called and anyio.current_time() < deadline:
                task = queue[0]
                if task.estimate > anyio.current_effective_deadline() - anyio.current_time():
                    queue.rotate(-1)
                    turned += 1
                    continue
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                else:
                    report.done.append(task.name)
                queue.popleft()
        finally:
            queue.rotate(turned)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
