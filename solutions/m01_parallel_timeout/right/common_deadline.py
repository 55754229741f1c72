"""Built with one scope around the whole group; entries are filled in as jobs return."""

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
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def fill(index: int) -> None:
        results[index] = await jobs[index]()

    with anyio.move_on_after(timeout):
        async with anyio.create_task_group() as group:
            for index in range(len(jobs)):
                group.start_soon(fill, index)
    return results
