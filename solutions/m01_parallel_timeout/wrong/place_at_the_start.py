"""Takes the next place when the task starts: tasks need not start in the order in which they were made.

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
        index = len(results)
        results.append(TIMED_OUT)
        with anyio.move_on_after(timeout):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    return results
