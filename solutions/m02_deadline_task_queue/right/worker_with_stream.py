"""Built with a worker task that gets its tasks through a memory stream and settles them itself."""

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
    ends = min(deadline, anyio.current_effective_deadline())
    send, receive = anyio.create_memory_object_stream[Task](0)

    async def worker() -> None:
        with receive:
            async for task in receive:
                left = ends - anyio.current_time()
                if left <= 0 or left < task.estimate:
                    continue
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                else:
                    report.done.append(task.name)
                queue.remove(task)

    with receive, send, anyio.CancelScope(deadline=deadline):
        async with anyio.create_task_group() as group:
            group.start_soon(worker)
            with send:
                for task in list(queue):
                    await send.send(task)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = await drain_until(queue, deadline=deadline)
    if queue:
        raise TimeoutError
    return report
