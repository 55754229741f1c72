"""Starts a watchdog that nobody stops: the call takes `timeout` seconds even if all jobs were done at once.

Breaks: R2
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
    scopes = [anyio.CancelScope() for _ in jobs]

    async def watchdog() -> None:
        await anyio.sleep(timeout)
        for scope in scopes:
            scope.cancel()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with scopes[index]:
            results[index] = await job()

    async with anyio.create_task_group() as group:
        group.start_soon(watchdog)
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
