"""Lets the jobs run one after the other under a common deadline: the later ones have only what is left.

Breaks: R2
Also: R3 R4 R5 G1 G3 G5 G9
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
    deadline = anyio.current_time() + timeout
    results: list[T | TimedOut] = []
    for job in jobs:
        entry: T | TimedOut = TIMED_OUT
        with anyio.CancelScope(deadline=deadline):
            entry = await job()
        results.append(entry)
    return results
