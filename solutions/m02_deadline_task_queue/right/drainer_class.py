"""Built with a class that holds queue, report and scope, and is a context manager."""

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


class OutOfTime(TimeoutError):
    """Some tasks were left."""


class Drainer:
    def __init__(self, queue: deque[Task], deadline: float) -> None:
        self.queue, self.deadline, self.report = queue, deadline, Report()
        self.open: list[Task] = []
        self.scope = anyio.CancelScope(deadline=deadline)

    def __enter__(self):
        self.scope.__enter__()
        return self

    def __exit__(self, *exc_info):
        return self.scope.__exit__(*exc_info)

    @property
    def left(self) -> float:
        return min(self.deadline, anyio.current_effective_deadline()) - anyio.current_time()

    def fits(self, task: Task) -> bool:
        left = self.left
        return left > 0 and task.estimate <= left

    async def run(self) -> None:
        tried: set[str] = set()
        while task := next((task for task in self.queue if task.name not in tried and self.fits(task)), None):
            tried.add(task.name)
            await self.one(task)

    async def one(self, task: Task) -> None:
        failure = None
        try:
            await task.work()
        except Exception as error:
            failure = error
        self.queue.remove(task)
        if failure is None:
            self.report.done.append(task.name)
        else:
            self.report.failed[task.name] = failure


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    with Drainer(queue, deadline) as drainer:
        await drainer.run()
    return drainer.report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    with Drainer(queue, deadline) as drainer:
        await drainer.run()
    if queue:
        raise OutOfTime
    return drainer.report
