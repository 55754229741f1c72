"""Built with an exit stack that puts the queue back, and a timeout worked out from the deadline for each task."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from contextlib import AsyncExitStack

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


def put_back(queue: deque[Task], kept: list[Task]) -> None:
    queue.extendleft(reversed(kept))


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    kept: list[Task] = []
    async with AsyncExitStack() as stack:
        stack.callback(put_back, queue, kept)
        while queue:
            kept.append(queue.popleft())
            task = kept[-1]
            left = deadline - anyio.current_time()
            if left <= 0 or task.estimate > min(left, anyio.current_effective_deadline() - anyio.current_time()):
                continue
            with anyio.move_on_after(left):
                try:
                    await task.work()
                    report.done.append(kept.pop().name)
                except Exception as error:
                    report.failed[kept.pop().name] = error
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
