"""Built with an event per job: the caller waits for the events one by one under one deadline."""

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
    ends = [anyio.Event() for _ in jobs]
    values: list[list[T]] = [[] for _ in jobs]

    async def run(job: Callable[[], Awaitable[T]], value: list[T], end: anyio.Event) -> None:
        value.append(await job())
        end.set()

    async with anyio.create_task_group() as group:
        for job, value, end in zip(jobs, values, ends, strict=True):
            group.start_soon(run, job, value, end)
        try:
            with anyio.move_on_after(timeout):
                for end in ends:
                    await end.wait()
        finally:
            group.cancel_scope.cancel()
    return [value[0] if value else TIMED_OUT for value in values]
