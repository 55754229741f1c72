"""Built with all cancel scopes made before anything starts; the scopes are asked at the end."""

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
    deadline = anyio.current_time() + timeout
    scopes = [anyio.CancelScope(deadline=deadline) for _ in jobs]
    values: dict[int, T] = {}

    async def run(index: int) -> None:
        with scopes[index]:
            values[index] = await jobs[index]()

    async with anyio.create_task_group() as group:
        for index in range(len(scopes)):
            group.start_soon(run, index)
    return [TIMED_OUT if scope.cancelled_caught else values[index] for index, scope in enumerate(scopes)]
