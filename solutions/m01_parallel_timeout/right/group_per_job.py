"""Built with a task group for each job inside one common group: errors come wrapped twice."""

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
    results: list[T | TimedOut] = list()

    async def call(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await job()

    async def alone(index: int, job: Callable[[], Awaitable[T]]) -> None:
        async with anyio.create_task_group() as inner:
            inner.cancel_scope.deadline = anyio.current_time() + timeout
            inner.start_soon(call, index, job)

    async with anyio.create_task_group() as outer:
        for index, job in enumerate(jobs):
            results.append(TIMED_OUT)
            outer.start_soon(alone, index, job)
    return results
