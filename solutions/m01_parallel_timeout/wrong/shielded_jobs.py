"""Shields each job, so that only its own timeout can stop it: a cancellation from outside has to wait.

Breaks: R5
Also: R4 G3
"""

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
    scopes: list[anyio.CancelScope] = []
    failed = False

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        nonlocal failed
        try:
            with anyio.move_on_after(timeout, shield=True) as scope:
                scopes.append(scope)
                if failed:
                    scope.cancel()
                results[index] = await job()
        except BaseException:
            failed = True
            for other in scopes:
                other.cancel()
            raise

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
