"""Built as a race: per job a group with the job and a timer, and who ends first cancels the other."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def _race(job: Callable[[], Awaitable[T]], timeout: float) -> T | TimedOut:
    winner: list[T] = []
    async with anyio.create_task_group() as race:

        async def timer() -> None:
            await anyio.sleep(timeout)
            race.cancel_scope.cancel()

        race.start_soon(timer)
        winner.append(await job())
        race.cancel_scope.cancel()
    return winner[0] if winner else TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await _race(job, timeout)

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [results[index] for index in range(len(jobs))]
