"""Built with a child task whose error comes back in a group, taken apart by `except*`."""

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


async def run_one(task, report, queue):
    async def inner():
        await task.work()
        report.done.append(task.name)
        queue.remove(task)

    try:
        async with anyio.create_task_group() as tg:
            tg.start_soon(inner)
    except* Exception as group:
        error = group.exceptions[0]
        report.failed[task.name] = error
        queue.remove(task)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    with anyio.move_on_at(deadline):
        for task in list(queue):
            left = anyio.current_effective_deadline() - anyio.current_time()
            if 0 < left and task.estimate <= left:
                await run_one(task, report, queue)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
