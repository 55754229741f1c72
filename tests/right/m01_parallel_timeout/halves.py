"""Built by recursion: each half of the jobs in a task of its own, so errors come wrapped several times."""

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
    return await _gather_until(jobs, anyio.current_time() + timeout)


async def _gather_until(jobs: Sequence[Callable[[], Awaitable[T]]], deadline: float) -> list[T | TimedOut]:
    if not jobs:
        return []
    if len(jobs) == 1:
        with anyio.CancelScope(deadline=deadline):
            return [await jobs[0]()]
        return [TIMED_OUT]
    middle = len(jobs) // 2
    left: list[T | TimedOut] = []

    async def first_half() -> None:
        left.extend(await _gather_until(jobs[:middle], deadline))

    async with anyio.create_task_group() as group:
        group.start_soon(first_half)
        right = await _gather_until(jobs[middle:], deadline)
    return left + right
