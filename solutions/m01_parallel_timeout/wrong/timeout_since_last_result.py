"""Waits up to `timeout` for the next result, again and again: each result gives the others more time.

Breaks: R2
Also: R1 R3 R4 R5 G1 G5 G6 G9
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
    send, receive = anyio.create_memory_object_stream[tuple[int, T]](math.inf)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        send.send_nowait((index, await job()))

    with send, receive:
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
            for _ in jobs:
                with anyio.move_on_after(timeout) as scope:
                    index, value = await receive.receive()
                    results[index] = value
                if scope.cancelled_caught:
                    break
            group.cancel_scope.cancel()
    return results
