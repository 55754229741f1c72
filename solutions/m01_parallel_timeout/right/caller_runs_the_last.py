"""Built so that the caller's own task runs the last job and the group the others."""

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

    async def run(index: int) -> None:
        with anyio.CancelScope(deadline=deadline):
            results[index] = await jobs[index]()

    if not jobs:
        return results
    async with anyio.create_task_group() as group:
        *others, last = range(len(jobs))
        for index in others:
            group.start_soon(run, index)
        await run(last)
    return results
