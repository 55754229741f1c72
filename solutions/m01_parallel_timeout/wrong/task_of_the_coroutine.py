"""Hands `job()` to `create_task`, which takes coroutines only.

Breaks: G9
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
    async with anyio.create_task_group() as group:
        group.cancel_scope.deadline = anyio.current_time() + timeout
        handles = [group.create_task(job()) for job in jobs]
    late = anyio.TaskHandle.Status.CANCELLED
    return [TIMED_OUT if handle.status is late else handle.return_value for handle in handles]
