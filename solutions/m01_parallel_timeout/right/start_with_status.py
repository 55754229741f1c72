"""Built with `TaskGroup.start`: each task reports that it is started, and hands back its cancel scope."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio
from anyio.abc import TaskStatus


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    deadline = anyio.current_time() + timeout
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]], *, task_status: TaskStatus[anyio.CancelScope]) -> None:
        with anyio.CancelScope() as scope:
            task_status.started(scope)
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            scope: anyio.CancelScope = await group.start(run, index, job)
            scope.deadline = deadline
    return results
