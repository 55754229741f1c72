"""Bounds each job, but awaits them in a loop: a job starts when the one before has ended.

Breaks: R2
Also: R3
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
    results: list[T | TimedOut] = []
    for job in jobs:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results.append(entry)
    return results
