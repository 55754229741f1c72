"""Takes every cancellation that a job feels for its timeout, and keeps it: where no one else raises it, it is gone.

Breaks: R5 on trio
Also: G3
"""

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
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout):
            try:
                results[index] = await job()
            except anyio.get_cancelled_exc_class():
                results[index] = TIMED_OUT

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [results[index] for index in range(len(jobs))]
