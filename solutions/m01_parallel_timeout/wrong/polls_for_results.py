"""Looks every 10 ms whether all jobs are done.

Breaks: G6
Also: R2 R3 R4 R5
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
    ended = 0

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        nonlocal ended
        results[index] = await job()
        ended += 1

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        deadline = anyio.current_time() + timeout
        while ended < len(jobs) and (left := deadline - anyio.current_time()) > 0:
            await anyio.sleep(min(0.01, left))
        group.cancel_scope.cancel()
    return results
