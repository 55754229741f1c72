"""Catches `asyncio.CancelledError` around the group, for the list's sake: the cancellation ends there, on asyncio.

Breaks: G3 on asyncio
Also: R5
"""

import asyncio
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

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await job()

    try:
        async with anyio.create_task_group() as group:
            group.cancel_scope.deadline = anyio.current_time() + timeout
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
    except asyncio.CancelledError:
        return results
    return results
