"""Closes the streams after an error and a cancellation, but not when a KeyboardInterrupt leaves the block.

Base: none
Breaks: G5
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
from anyio.abc import ObjectReceiveStream

T = TypeVar("T")
R = TypeVar("R")


@asynccontextmanager
async def fan_out(
    source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int, buffer: int = 0
) -> AsyncIterator[ObjectReceiveStream[tuple[T, R]]]:
    """Work on the items of `source`, several at once; the body iterates over pairs of item and result."""
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if buffer < 0:
        raise ValueError("buffer must not be negative")
    items = iter(source)
    running = workers
    send, receive = anyio.create_memory_object_stream[tuple[T, R]](buffer)

    async def work() -> None:
        nonlocal running
        for item in items:
            result = await worker(item)
            try:
                await send.send((item, result))
            except anyio.BrokenResourceError:
                return
        running -= 1
        if running == 0:
            send.close()

    def close() -> None:
        send.close()
        receive.close()

    try:
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(work)
            yield receive
            group.cancel_scope.cancel()
    except (Exception, anyio.get_cancelled_exc_class()):
        close()
        raise
    close()


async def fan_in(source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int) -> list[R]:
    """Work on the items of `source`, several at once; return the results in the order of the source."""
    if workers < 1:
        raise ValueError("workers must be at least 1")
    items = list(source)
    results: list[Any] = [None] * len(items)
    limiter = anyio.CapacityLimiter(workers)

    async def fill(place: int) -> None:
        async with limiter:
            results[place] = await worker(items[place])

    async with anyio.create_task_group() as group:
        for place in range(len(items)):
            group.start_soon(fill, place)
    return results
