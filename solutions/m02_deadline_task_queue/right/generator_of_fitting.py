"""Built with a generator that yields the next task that fits, and outcomes as values."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from collections.abc import Iterator

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


def fitting(queue: deque[Task], deadline: float) -> Iterator[Task]:
    for task in list(queue):
        left = min(deadline, anyio.current_effective_deadline()) - anyio.current_time()
        if left > 0 and left - task.estimate >= 0:
            yield task


async def outcome(task: Task) -> Exception | None:
    try:
        await task.work()
    except Exception as error:
        return error
    return None


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.CancelScope() as scope:
        scope.deadline = deadline
        for task in fitting(queue, deadline):
            error = await outcome(task)
            queue.remove(task)
            if error is not None:
                report.failed[task.name] = error
            else:
                report.done.append(task.name)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
