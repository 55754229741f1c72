"""Built with a list of its own kind, which the results are put into as they come."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from anyio import Lock, Semaphore, create_task_group, current_time, sleep

T = TypeVar("T")
R = TypeVar("R")


class Results(list[Any]):
    """Results in the order of their items."""

    def __init__(self, count: int) -> None:
        super().__init__([None] * count)


class TokenBucket:
    """Grants tokens at a rate; what nobody takes is saved up to a capacity. Made inside a running event loop.

    Args:
        rate: tokens per second.
        capacity: tokens that the bucket can hold; it starts full.

    Raises:
        ValueError: one of them is not positive.
    """

    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._level, self._level_at = capacity, current_time()
        self._line = Lock()

    @property
    def available(self) -> float:
        """Tokens that the bucket holds now."""
        return self._level_now(current_time())

    async def acquire(self, tokens: float = 1.0) -> None:
        """Take tokens as soon as the bucket holds so many; first come, first served.

        Args:
            tokens: more than 0, at most the capacity.

        Raises:
            ValueError: the bucket can never grant so many.
        """
        if not 0 < tokens <= self._capacity:
            raise ValueError(f"{tokens} tokens are not more than 0 and at most {self._capacity}")
        # Who holds the lock is the head of the line. The lock is fair, and a head that is cancelled lets go of it.
        async with self._line:
            # As long as it takes, so no polling; but a rounded sleep can end a little early, so a second look.
            while (missing := tokens - self.available) > 0:  # noqa: ASYNC110
                await sleep(missing / self._rate)
            # No checkpoint from here to the return: either all of it happens or nothing.
            now = current_time()
            self._level, self._level_at = self._level_now(now) - tokens, now

    def _level_now(self, now: float) -> float:
        return min(self._capacity, self._level + (now - self._level_at) * self._rate)


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    """Work on all items, each call of `worker` paid for with one token.

    Args:
        items: each is worked on by itself, also if it is there twice.
        worker: is called with one item; an error of it cancels the rest and goes on.
        bucket: where the tokens come from.
        limit: how many calls of `worker` may run at once.

    Returns:
        What `worker` returned, in the order of the items.

    Raises:
        ValueError: `limit` is below 1.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results = Results(len(items))
    slots = Semaphore(limit)

    async def work(index: int, item: T) -> None:
        # The slot first: a token that waits for a slot is one that somebody else could use.
        async with slots:
            await bucket.acquire()
            results[index] = await worker(item)

    async with create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return results
