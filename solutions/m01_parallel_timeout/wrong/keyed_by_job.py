"""Keeps the results in a dict keyed by the job: a job that is in the list twice has one place for both results.

Breaks: R1
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
    results: dict[Callable[[], Awaitable[T]], T | TimedOut] = {}

    async def run(job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout) as scope:
            results[job] = await job()
        if scope.cancelled_caught:
            results[job] = TIMED_OUT

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    return [results[job] for job in jobs]
