"""Waits for an event that the last job sets: without jobs nobody sets it.

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
    results: dict[int, T | TimedOut] = {}
    finished = anyio.Event()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results[index] = entry
        if len(results) == len(jobs):
            finished.set()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        await finished.wait()
    return [results[index] for index in range(len(jobs))]
