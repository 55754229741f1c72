"""Built on the task group's own cancel scope: its deadline is the common deadline."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    returned: dict[int, T] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        returned[index] = await job()

    async with anyio.create_task_group() as group:
        group.cancel_scope.deadline = anyio.current_time() + timeout
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [returned.get(index, TIMED_OUT) for index in range(len(jobs))]
