"""Built with a function that runs the first task that fits and then calls itself for the rest."""

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


async def step(queue: deque[Task], place: int, report: Report, deadline: float) -> Report:
    if place >= len(queue):
        return report
    task = queue[place]
    left = min(deadline, anyio.current_effective_deadline()) - anyio.current_time()
    if left <= 0 or task.estimate > left:
        return await step(queue, place + 1, report, deadline)
    result = "interrupted"
    with anyio.CancelScope(deadline=deadline):
        try:
            await task.work()
            result = "done"
        except Exception as error:
            report.failed[task.name] = error
            result = "failed"
        finally:
            if result != "interrupted":
                del queue[place]
    if result == "interrupted":
        return report
    if result == "done":
        report.done.append(task.name)
    return await step(queue, place, report, deadline)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    return await step(queue, 0, Report(), deadline)


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
