"""Built with a watchdog task that cancels the scopes that are left; the last job to end cancels the watchdog."""

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
    running = {index: anyio.CancelScope() for index in range(len(jobs))}
    watch = anyio.CancelScope()

    async def watchdog() -> None:
        with watch:
            await anyio.sleep(timeout)
            for scope in running.values():
                scope.cancel()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with running[index]:
            results[index] = await job()
        del running[index]
        if not running:
            watch.cancel()

    if jobs:
        async with anyio.create_task_group() as group:
            group.start_soon(watchdog)
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
    return results
