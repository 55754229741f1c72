"""Built as a class that holds the settings and one cell per job."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, Generic, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


class _Runner(Generic[T]):
    def __init__(self, jobs: Sequence[Callable[[], Awaitable[T]]], timeout: float) -> None:
        self._jobs = jobs
        self._deadline = anyio.current_time() + timeout
        self._cells: list[T | TimedOut] = []

    async def run(self) -> list[T | TimedOut]:
        async with anyio.create_task_group() as group:
            for job in self._jobs:
                self._cells.append(TIMED_OUT)
                group.start_soon(self._one, len(self._cells) - 1, job)
        return self._cells

    async def _one(self, cell: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=self._deadline):
            self._cells[cell] = await job()


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    return await _Runner(jobs, timeout).run()
