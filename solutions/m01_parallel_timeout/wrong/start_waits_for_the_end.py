"""Starts with `group.start` and reports "started" when the job has ended: each start waits for a whole job.

Breaks: R2
Also: R3 R4 R5 G1 G3 G5 G9
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio
from anyio.abc import TaskStatus


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = []

    async def run(job: Callable[[], Awaitable[T]], *, task_status: TaskStatus[T | TimedOut]) -> None:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        task_status.started(entry)

    async with anyio.create_task_group() as group:
        for job in jobs:
            results.append(await group.start(run, job))
    return results
