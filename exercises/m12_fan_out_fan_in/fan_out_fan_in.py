"""Spread the items of a source over a few workers, and gather the results.

Core
----
Inside `async with fan_out(source, worker, workers=n) as results:` the body iterates over pairs `(item, result)`, in the
order in which the work finishes. Each item is worked on once. As many worker calls run as `workers` allows, never more.
A consumer that is slow stops the source. After the last result the iteration ends.

An error of a worker or of the source cancels everything and leaves the block. When the body breaks out, workers are
cancelled, and no task or stream is left.

`fan_in` returns all results, in the order of the source.

`workers` below 1, or `buffer` below 0: `ValueError`, before anything starts.

Stretch
-------
- At most `2 * workers + 2 * buffer + 1` items were taken from the source and not yet received by the body.
- Whatever the body is doing when an error comes, nothing hangs.
- However the body is left, by its own error or by cancellation, nothing is left, and no error is added.
- The body may close the stream and stay in the block: workers are cancelled then, or when the block ends.

Everything runs on asyncio and on trio: use only `anyio` and the standard library. `worker` may be any callable that
returns an awaitable.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio.abc import ObjectReceiveStream

T = TypeVar("T")
R = TypeVar("R")


@asynccontextmanager
async def fan_out(
    source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int, buffer: int = 0
) -> AsyncIterator[ObjectReceiveStream[tuple[T, R]]]:
    """Work on the items of `source`, several at once; the body iterates over pairs of item and result.

    Args:
        source: may be endless; it is asked for an item when there is a use for it.
        worker: does the work on one item.
        workers: how many items are worked on at once.
        buffer: how many results may wait for the body.

    Raises:
        ValueError: `workers` is below 1 or `buffer` below 0.
    """
    # TODO: refuse bad arguments, first of all.
    # TODO: `create_memory_object_stream[tuple[T, R]](buffer)` makes two ends: one to send into, one for the body.
    # TODO: start the workers. Each takes the next item of the source, works on it and sends the pair.
    # TODO: `yield` the end for the body, which runs there; what it raises is raised there.
    # TODO: who has to close what, so that the iteration ends after the last result?
    # TODO: what must stop when the body has been left, and who waits for what then?
    raise NotImplementedError("TODO: write fan_out")
    yield


async def fan_in(source: Iterable[T], worker: Callable[[T], Awaitable[R]], *, workers: int) -> list[R]:
    """Work on the items of `source`, several at once; return the results in the order of the source.

    Raises:
        ValueError: `workers` is below 1.
    """
    # TODO: `fan_out` does the work. How do the results get back into order? Items may be equal to each other.
    raise NotImplementedError("TODO: write fan_in")
