"""Built on `anyio.amap` over numbers, with the deadline in a context variable."""

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from enum import Enum
from typing import Final, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


_deadline: ContextVar[float] = ContextVar("deadline")


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    async def entry(index: int) -> T | TimedOut:
        try:
            with anyio.fail_at(_deadline.get()) as scope:
                return await jobs[index]()
        except TimeoutError:
            if scope.cancelled_caught:
                return TIMED_OUT
            raise

    token = _deadline.set(anyio.current_time() + timeout)
    try:
        return await anyio.amap(entry, range(len(jobs)))
    finally:
        _deadline.reset(token)
