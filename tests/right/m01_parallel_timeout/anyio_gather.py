"""Built on `anyio.gather`, which keeps the order; only the bound is our own."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def _bounded(job: Callable[[], Awaitable[T]], timeout: float) -> T | TimedOut:
    with anyio.move_on_after(timeout) as scope:
        value = await job()
    return TIMED_OUT if scope.cancelled_caught else value


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    return list(await anyio.gather(*(_bounded(job, timeout) for job in jobs)))
