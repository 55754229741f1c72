"""Built from functools.partial and one small object per job, which its task sets."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final, Generic, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


@dataclass
class _Cell(Generic[T]):
    job: Callable[[], Awaitable[T]]
    entry: T | TimedOut = TIMED_OUT


async def _settle(cell: _Cell[T], *, deadline: float) -> None:
    with anyio.move_on_at(deadline):
        cell.entry = await cell.job()


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    cells = [_Cell(job) for job in jobs]
    deadline = anyio.current_time() + timeout
    async with anyio.create_task_group() as group:
        for cell in cells:
            group.start_soon(partial(_settle, cell, deadline=deadline))
    return [cell.entry for cell in cells]
