"""Built with a semaphore that counts finished jobs; the caller waits for all of them, then cancels what is left."""

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
    finished = anyio.Semaphore(0)
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await job()
        finished.release()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        with anyio.move_on_after(timeout):
            for _ in jobs:
                await finished.acquire()
        group.cancel_scope.cancel()
    return results
