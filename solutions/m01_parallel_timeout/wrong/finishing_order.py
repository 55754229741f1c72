"""Appends each result as it arrives: the list is in the order of finishing, not in the order of `jobs`.

Breaks: R1
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

    async def run(job: Callable[[], Awaitable[T]]) -> None:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results.append(entry)

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    return results
