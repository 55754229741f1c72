"""Written with asyncio's own TaskGroup and timeout: there is no asyncio loop under trio.

Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 G2 G3 G4 G5 G6 G9
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            async with asyncio.timeout(timeout) as bound:
                results[index] = await job()
        except TimeoutError as error:
            if not bound.expired() or not isinstance(error.__cause__, asyncio.CancelledError):
                raise

    async with asyncio.TaskGroup() as group:
        for index, job in enumerate(jobs):
            group.create_task(run(index, job))
    return results
