"""Built on the task handles that `start_soon` returns: each holds what its task returned."""

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
    async def bounded(job: Callable[[], Awaitable[T]]) -> T | TimedOut:
        with anyio.move_on_after(timeout):
            return await job()
        return TIMED_OUT

    async with anyio.create_task_group() as group:
        handles = [group.start_soon(bounded, job) for job in jobs]
    return [handle.return_value for handle in handles]
