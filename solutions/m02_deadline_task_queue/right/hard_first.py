"""Built with the hard function first; the soft one takes the report out of its error."""

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


class Unfinished(TimeoutError):
    def __init__(self, report: Report) -> None:
        super().__init__("not all of it was done in time")
        self.report = report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    waiting = iter(list(queue))
    try:
        with anyio.fail_at(deadline):
            for task in waiting:
                left = anyio.current_effective_deadline() - anyio.current_time()
                if left <= 0 or task.estimate > left:
                    continue
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                else:
                    report.done.append(task.name)
                queue.remove(task)
    except TimeoutError:
        pass
    if queue:
        raise Unfinished(report)
    return report


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    try:
        return await drain_or_fail(queue, deadline=deadline)
    except Unfinished as unfinished:
        return unfinished.report
