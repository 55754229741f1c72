"""Built with a child task for each task of the queue, whose closure writes the report."""

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
    index = 0

    async def attempt(task: Task) -> None:
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        queue.remove(task)

    with anyio.CancelScope(deadline=deadline):
        while index < len(queue):
            task = queue[index]
            left = anyio.current_effective_deadline() - anyio.current_time()
            if left <= 0 or left < task.estimate:
                index += 1
                continue
            async with anyio.create_task_group() as group:
                group.start_soon(attempt, task, name=task.name)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
