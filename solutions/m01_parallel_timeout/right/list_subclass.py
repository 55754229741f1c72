"""Built with a list of its own kind, which also answers to names."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Final, TypeVar

from anyio import create_task_group, move_on_after

T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


class Results(list[Any]):
    """The results, and how many of them are timeouts."""

    @property
    def late(self) -> int:
        """How many jobs ran out of time."""
        return sum(result is TIMED_OUT for result in self)


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    """Run all jobs at the same time, each for at most `timeout` seconds.

    Args:
        jobs: functions without arguments; each is called once and its awaitable awaited.
        timeout: seconds that each job has.

    Returns:
        One entry per job, in the order of `jobs`: what the job returned, or `TIMED_OUT`.

    Raises:
        ExceptionGroup: with the error of a job that raised; the other jobs were cancelled.
    """
    # An entry stays TIMED_OUT unless its job returns. Nothing has to ask a scope why it ended.
    results = Results([TIMED_OUT] * len(jobs))

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        # The scope is inside the task: around start_soon it would bound the starting, not the job.
        with move_on_after(timeout):
            results[index] = await job()

    async with create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)

    # Here every job has ended, cleanup included. Had we been cancelled from outside, the group had raised.
    return results
