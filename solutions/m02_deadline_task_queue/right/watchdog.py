"""Built with a watchdog task that cancels the one scope in which all tasks run."""

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


async def _drain(queue: deque[Task], deadline: float) -> tuple[Report, bool]:
    report = Report()
    ends = min(deadline, anyio.current_effective_deadline())
    over = anyio.CancelScope()
    if anyio.current_time() >= ends:
        return report, bool(queue)

    async def watch() -> None:
        await anyio.sleep_until(deadline)
        over.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        with over:
            for task in tuple(queue):
                left = ends - anyio.current_time()
                if left <= 0 or left < task.estimate:
                    continue
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                    queue.remove(task)
                else:
                    queue.remove(task)
                    report.done.append(task.name)
        group.cancel_scope.cancel()
    return report, bool(queue)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report, _ = await _drain(queue, deadline)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report, late = await _drain(queue, deadline)
    if late:
        raise TimeoutError("tasks left")
    return report
