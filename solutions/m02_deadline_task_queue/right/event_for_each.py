"""Built with one task group for all: each child waits for the event of the one before it."""

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
    order = list(queue)
    turns = [anyio.Event() for _ in order]

    async def child(index: int, task: Task) -> None:
        if index:
            await turns[index - 1].wait()
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left > 0 and left >= task.estimate:
            try:
                await task.work()
            except Exception as error:
                report.failed[task.name] = error
            else:
                report.done.append(task.name)
            queue.remove(task)
        turns[index].set()

    with anyio.CancelScope(deadline=deadline):
        async with anyio.create_task_group() as group:
            for index, task in enumerate(order):
                group.start_soon(child, index, task)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
