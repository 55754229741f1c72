"""Passes checkpoint after checkpoint until all jobs are done: the processor never rests.

Breaks: G6
Also: R1 R2 R3 R4 R5 G1 G2 G3 G4 G5 G9
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio
import anyio.lowlevel


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results[index] = entry

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        while len(results) < len(jobs):
            await anyio.lowlevel.checkpoint()
    return [results[index] for index in range(len(jobs))]
