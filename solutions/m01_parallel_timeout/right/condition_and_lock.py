"""Built with a condition variable that is notified when a job ends, and a lock held only for an instant."""

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
    entries: dict[int, T | TimedOut] = {}
    changed = anyio.Condition()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout) as scope:
            value = await job()
        entries[index] = TIMED_OUT if scope.cancelled_caught else value
        async with changed:
            changed.notify_all()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        async with changed:
            while len(entries) < len(jobs):
                await changed.wait()
    return [entries[index] for index in sorted(entries)]
