"""Built with subclasses: of `Report`, of the list and the dictionary in it, and of `TimeoutError`; at the deadline itself a task still begins."""

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


class Names(list[str]):
    def __repr__(self) -> str:
        return f"Names({', '.join(self)})"


class Failures(dict[str, Exception]):
    pass


@dataclass
class DetailedReport(Report):
    done: list[str] = field(default_factory=Names)
    failed: dict[str, Exception] = field(default_factory=Failures)
    skipped: int = 0


class TasksLeft(TimeoutError):
    def __init__(self, names: list[str]) -> None:
        super().__init__(f"not done in time: {', '.join(names)}")
        self.names = names


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = DetailedReport()
    end = min(deadline, anyio.current_effective_deadline())
    kept: list[Task] = []
    try:
        while queue:
            left = end - anyio.current_time()
            if left < 0 or queue[0].estimate > left:
                kept.append(queue.popleft())
                report.skipped += 1
                continue
            with anyio.CancelScope(deadline=deadline):
                try:
                    await queue[0].work()
                except Exception as error:
                    report.failed[queue.popleft().name] = error
                else:
                    report.done.append(queue.popleft().name)
    finally:
        queue.extendleft(reversed(kept))
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TasksLeft([task.name for task in queue])
    return report
