"""Spread the items of a source over a few workers, and gather the results: one by one, or all in order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import BrokenResourceError, create_memory_object_stream, create_task_group
from anyio.abc import ObjectReceiveStream
from anyio.streams.memory import MemoryObjectSendStream

T = TypeVar("T")
R = TypeVar("R")


@asynccontextmanager
async def fan_out(
    source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int, buffer: int = 0
) -> AsyncIterator[ObjectReceiveStream[tuple[T, R]]]:
    """Work on the items of `source`, several at once; the body iterates over pairs of item and result.

    Args:
        source: is asked for an item when a worker is free for it, so it may be endless.
        worker: does the work on one item.
        workers: how many items are worked on at once.
        buffer: how many results may wait for the body.

    Raises:
        ValueError: `workers` is below 1 or `buffer` below 0.
    """
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1 and buffer at least 0")
    items = iter(source)
    outbox, results = create_memory_object_stream[tuple[T, R]](buffer)

    async def work(outbox: MemoryObjectSendStream[tuple[T, R]]) -> None:
        # Each worker has an outbox of its own; when the last one is closed, the body's iteration ends.
        async with outbox:
            for item in items:  # shared: every item goes to one of the workers
                result = await worker(item)
                try:
                    await outbox.send((item, result))
                except BrokenResourceError:  # the body has closed the stream: nobody wants results any more
                    return

    async with create_task_group() as group, results:
        async with outbox:
            for _ in range(workers):
                group.start_soon(work, outbox.clone())
        yield results
        group.cancel_scope.cancel()


async def fan_in(source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int) -> list[R]:
    """Work on the items of `source`, several at once; return the results in the order of the source.

    Raises:
        ValueError: `workers` is below 1.
    """

    def work(entry: tuple[int, T]) -> Awaitable[R]:
        return worker(entry[1])

    # Items may be equal to each other, or not hashable; their numbers are neither.
    results: dict[int, R] = {}
    async with fan_out(enumerate(source), work, workers=workers) as finished:
        async for (number, _), result in finished:
            results[number] = result
    return [results[number] for number in range(len(results))]
