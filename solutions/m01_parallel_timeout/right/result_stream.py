"""Built with a memory object stream: tasks send (index, entry), the caller collects until all senders are closed."""

import math
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectSendStream


T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def _send(
    results: MemoryObjectSendStream[tuple[int, T | TimedOut]],
    index: int,
    job: Callable[[], Awaitable[T]],
    timeout: float,
) -> None:
    with results:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results.send_nowait((index, entry))


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    send, receive = anyio.create_memory_object_stream[tuple[int, T | TimedOut]](math.inf)
    with receive:
        async with anyio.create_task_group() as group:
            with send:
                for index, job in enumerate(jobs):
                    group.start_soon(_send, send.clone(), index, job, timeout)
            pairs = [pair async for pair in receive]
    return [entry for _, entry in sorted(pairs, key=lambda pair: pair[0])]
