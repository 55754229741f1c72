"""Built so that all jobs are called first, in order, and their awaitables awaited in tasks."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def _await(index: int, awaitable: Awaitable[T], results: list[T | TimedOut], deadline: float) -> None:
    with anyio.CancelScope(deadline=deadline):
        results[index] = await awaitable


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    deadline = anyio.current_time() + timeout
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(_await, index, job(), results, deadline)
    return results
