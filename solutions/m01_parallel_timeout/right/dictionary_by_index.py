"""Built as a beginner would: a dictionary filled by index, `fail_after` and a second look at whose timeout it was."""

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
    found: dict[int, T | TimedOut] = {}

    async def one(number: int, job: Callable[[], Awaitable[T]]) -> None:
        raised = False
        try:
            with anyio.fail_after(timeout):
                try:
                    found[number] = await job()
                except Exception:
                    raised = True  # by the job itself, whatever it is: not the timeout around it
                    raise
        except TimeoutError:
            if raised:
                raise
            if number not in found:
                found[number] = TIMED_OUT

    async with anyio.create_task_group() as group:
        number = 0
        for job in jobs:
            group.start_soon(one, number, job)
            number += 1

    answer = []
    for number in range(len(jobs)):
        answer.append(found[number])
    return answer
