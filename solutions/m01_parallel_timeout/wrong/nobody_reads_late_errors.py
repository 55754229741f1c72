"""Sends values and errors over a stream and stops reading at the deadline: what a late job raises is never read.

Breaks: R4
"""

import math
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
    send, receive = anyio.create_memory_object_stream[Callable[[], None]](math.inf)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            value = await job()
        except Exception as caught:
            error = caught

            def settle() -> None:
                raise error

        else:

            def settle() -> None:
                results[index] = value

        send.send_nowait(settle)

    with send, receive:
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
            with anyio.move_on_after(timeout):
                for _ in jobs:
                    settle = await receive.receive()
                    settle()
            group.cancel_scope.cancel()
    return results
