"""Collects the results from a `queue.Queue`, whose `get` blocks the thread that should run the jobs.

Breaks: G4
Also: R1 R2 R3 R4 R5 G1 G2 G3 G5 G6 G9
"""

import queue
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
    done: queue.Queue[tuple[int, T]] = queue.Queue()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        done.put((index, await job()))

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        for _ in jobs:
            try:
                index, value = done.get(timeout=timeout)
            except queue.Empty:
                break
            results[index] = value
        group.cancel_scope.cancel()
    return results
