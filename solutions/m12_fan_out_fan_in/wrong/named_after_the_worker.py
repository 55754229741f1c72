"""Names the tasks after the worker: a callable that has no `__name__`, such as a partial, fails.

Base: none
Breaks: G9
Also: R2
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
    send, receive = anyio.create_memory_object_stream[tuple[T, R]](buffer)

    async def work(results: Any) -> None:
        with results:
            for item in items:
                result = await worker(item)
                try:
                    await results.send((item, result))
                except anyio.BrokenResourceError:
                    return

    with receive:
        async with anyio.create_task_group() as group:
            with send:
                for number in range(workers):
                    group.start_soon(work, send.clone(), name=f"{worker.__name__} {number}")
            try:
                yield receive
            finally:
                group.cancel_scope.cancel()


async def fan_in(source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int) -> list[R]:
    """Work on the items of `source`, several at once; return the results in the order of the source."""
    if workers < 1:
        raise ValueError("workers must be at least 1")
    numbered = enumerate(source)
    found: dict[int, R] = {}

    async def hand() -> None:
        for number, item in numbered:
            found[number] = await worker(item)

    async with anyio.create_task_group() as group:
        for which in range(workers):
            group.start_soon(hand, name=f"{worker.__name__} {which}")
    return [found[number] for number in sorted(found)]
