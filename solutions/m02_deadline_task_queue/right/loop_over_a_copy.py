"""Built as a beginner would: one loop over a copy, a scope for each task, and whatever has ended is removed by its name."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio


@dataclass(frozen=True)
class Task:
    """Something to do."""

    name: str
    work: Callable[[], Awaitable[object]]
    estimate: float = 0.0


@dataclass
class Report:
    """What a call got done."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    for task in list(queue):
        now = anyio.current_time()
        if now >= deadline:
            break
        if now + task.estimate > deadline or now + task.estimate > anyio.current_effective_deadline():
            continue
        ended = False
        with anyio.move_on_at(deadline):
            try:
                await task.work()
                report.done.append(task.name)
                ended = True
            except Exception as error:
                report.failed[task.name] = error
                ended = True
        if ended:
            remove(queue, task.name)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if len(queue) > 0:
        raise TimeoutError
    return report


def remove(queue: deque[Task], name: str) -> None:
    for index in range(len(queue)):
        if queue[index].name == name:
            del queue[index]
            return
