"""Keeps the first error until every job has ended: the others run on instead of being cancelled.

Breaks: R4
Also: R5 G9
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
    errors: list[Exception] = []

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.move_on_after(timeout):
                results[index] = await job()
        except Exception as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    if errors:
        raise errors[0]
    return results
