"""Built on `fail_after`: the TimeoutError is ours only if our own scope caught the cancellation."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

from anyio import create_task_group, fail_after


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with fail_after(timeout) as scope:
                results[index] = await job()
        except TimeoutError:
            if not scope.cancelled_caught:
                raise
            results[index] = TIMED_OUT

    async with create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [results[index] for index in range(len(jobs))]
