"""Tells the two TimeoutErrors apart by the clock: one that the job raises while it cleans up is hidden.

Breaks: R4
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
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    deadline = anyio.current_time() + timeout

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.fail_after(timeout):
                results[index] = await job()
        except TimeoutError:
            if anyio.current_time() < deadline:
                raise

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
