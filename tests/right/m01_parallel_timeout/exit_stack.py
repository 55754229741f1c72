"""Built with an AsyncExitStack that holds the common deadline and the group."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from enum import Enum
from typing import Final, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    done: dict[int, T] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        done[index] = await job()

    async with AsyncExitStack() as stack:
        stack.enter_context(anyio.move_on_after(timeout))
        group = await stack.enter_async_context(anyio.create_task_group())
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [done[index] if index in done else TIMED_OUT for index in range(len(jobs))]
