"""Stops waiting for late jobs, but does not cancel them: the end of the task group waits for them.

Breaks: R3
Also: R1 R2 R4 R5 G1 G2 G4 G5 G6 G9
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
    values: dict[int, T] = {}
    ends = [anyio.Event() for _ in jobs]

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        values[index] = await job()
        ends[index].set()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        with anyio.move_on_after(timeout):
            for end in ends:
                await end.wait()
        results = [values.get(index, TIMED_OUT) for index in range(len(jobs))]
    return results
