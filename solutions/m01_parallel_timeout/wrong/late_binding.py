"""Uses the loop's variables inside the nested function: every task runs the last job.

Breaks: R1
Also: R2 R3 R4 R5 G1 G3 G5 G9
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
    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):

            async def run() -> None:
                with anyio.move_on_after(timeout):
                    results[index] = await job()

            group.start_soon(run)
    return results
