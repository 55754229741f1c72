"""Built from a nested function per job; index and job are bound as default arguments."""

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
    results: list[T | TimedOut] = [TIMED_OUT for _ in jobs]
    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):

            async def bounded(i: int = i, job: Callable[[], Awaitable[T]] = job) -> None:
                with anyio.move_on_after(timeout) as scope:
                    value = await job()
                if not scope.cancelled_caught:
                    results[i] = value

            tg.start_soon(bounded)
    return results
