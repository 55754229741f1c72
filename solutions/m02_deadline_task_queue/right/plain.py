"""Built from one loop over the queue by index, inside `move_on_at`."""

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


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
