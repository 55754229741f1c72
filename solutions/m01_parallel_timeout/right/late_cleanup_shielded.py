"""Built so that, once time is up, only the cleanup of the late jobs is shielded; a list may then be returned."""

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
    open_jobs = len(jobs)
    all_ended = anyio.Event()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        nonlocal open_jobs
        results[index] = await job()
        open_jobs -= 1
        if not open_jobs:
            all_ended.set()

    if not jobs:
        return results
    with anyio.CancelScope() as guard:
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
            with anyio.move_on_after(timeout):
                await all_ended.wait()
            # Every job is settled or is being cancelled now: an outside cancellation has nothing left to stop.
            guard.shield = True
            group.cancel_scope.cancel()
    return results
