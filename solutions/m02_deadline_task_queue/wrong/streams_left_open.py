"""Hands tasks to a worker through a stream that stays open when the call is interrupted.

Breaks: G2
"""

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
    send, receive = anyio.create_memory_object_stream[Task](len(queue))
    for task in queue:
        send.send_nowait(task)
    send.close()
    with anyio.move_on_at(deadline):
        async for task in receive:
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
        receive.close()
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
