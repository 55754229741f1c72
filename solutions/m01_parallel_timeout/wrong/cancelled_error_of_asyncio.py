"""Notices a late job by `except asyncio.CancelledError`: trio's cancellation is another class.

Breaks: G1 on trio
Also: R1 R2 R3 R5 G9
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
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout):
            try:
                results[index] = await job()
            except asyncio.CancelledError:
                results[index] = TIMED_OUT
                raise

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [results[index] for index in range(len(jobs))]
