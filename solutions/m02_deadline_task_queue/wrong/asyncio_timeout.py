"""Uses asyncio's own timeout.

Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 G2 G3 G4 G5 G6 G9
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
import asyncio

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


async def run_tasks(queue: deque[Task], report: Report, deadline: float) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = min(deadline, anyio.current_effective_deadline()) - anyio.current_time()
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
    try:
        async with asyncio.timeout_at(deadline):
            await run_tasks(queue, report, deadline)
    except TimeoutError:
        pass
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
