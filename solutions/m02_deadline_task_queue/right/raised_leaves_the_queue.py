"""Built with a task beside it that runs the work and an event that tells its end; who raised, whatever it was, leaves the queue."""

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


class _Runner:
    """Runs one task of the queue at a time in a task group of its own, and keeps how it ended."""

    def __init__(self, queue: deque[Task], deadline: float) -> None:
        self.queue, self.deadline = queue, deadline
        self.report = Report()
        self.passed: list[BaseException] = []

    async def run(self) -> None:
        waiting = [task for task in self.queue]
        while waiting and not self.passed:
            task = waiting.pop(0)
            left = min(self.deadline, anyio.current_effective_deadline()) - anyio.current_time()
            if left <= 0 or task.estimate > left:
                continue
            await self._one(task)
        if self.passed:
            raise self.passed[0]

    async def _one(self, task: Task) -> None:
        over = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(self._work, task, over)
            await over.wait()

    async def _work(self, task: Task, over: anyio.Event) -> None:
        try:
            with anyio.CancelScope(deadline=self.deadline):
                try:
                    await task.work()
                except anyio.get_cancelled_exc_class():
                    raise
                except Exception as error:
                    self.report.failed[task.name] = error
                except BaseException as error:  # it raised: it is not in the queue any more
                    self.passed.append(error)
                else:
                    self.report.done.append(task.name)
                self.queue.remove(task)
        finally:
            over.set()


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    runner = _Runner(queue, deadline)
    await runner.run()
    return runner.report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError(f"{len(queue)} left")
    return report
