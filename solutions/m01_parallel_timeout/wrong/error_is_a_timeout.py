"""Prepares the list with TIMED_OUT and suppresses errors: a failed job looks like a late one.

Breaks: R4
Also: R5 G9
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
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

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout), suppress(Exception):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
