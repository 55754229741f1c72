"""Work on a batch without going over a rate: a token bucket.

Core
----
`TokenBucket(rate=…, capacity=…)` starts full and gains `rate` tokens per second, up to `capacity`.

- `available` is what it holds now; reading it changes nothing.
- `await bucket.acquire(tokens)` takes tokens at once if it holds enough and nobody waits, else as soon as
  that is so: not earlier, not later, without polling.
- Waiters are served first come, first served. A small request does not overtake a large one.
- A waiter that is cancelled takes nothing and holds up nobody.
- `ValueError` for a `rate` or `capacity` that is not positive, and for `tokens` not above 0 or more than `capacity`.
  Any other number is legal.

Stretch
-------
`process_batch(items, worker, bucket=…, limit=…)` awaits `worker(item)` for every item and returns the results in the
order of the items. Each call takes one token before it starts. Never more than `limit` calls run at once, and as many
as `limit` and the tokens allow. `limit` below 1: `ValueError`. An error of a worker cancels the rest and leaves the
call; no worker is called after it.

A bucket is made inside a running event loop. Use anyio; the file must work on asyncio and trio. `worker` may be any
callable that returns an awaitable. Only an `Exception` may ever be caught as a failure.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    """Grants `rate` tokens per second; what nobody takes is saved, up to `capacity`. It starts full."""

    def __init__(self, *, rate: float, capacity: float) -> None:
        # TODO: refuse what makes no sense.
        # TODO: remember how many tokens there are, and since when; `anyio.current_time()` is the clock.
        raise NotImplementedError("TODO: write TokenBucket.__init__")

    @property
    def available(self) -> float:
        """How many tokens the bucket holds now."""
        # TODO: nothing runs between two reads: work out what has come in since.
        raise NotImplementedError("TODO: write TokenBucket.available")

    async def acquire(self, tokens: float = 1.0) -> None:
        """Take `tokens` as soon as the bucket holds so many and no earlier caller waits."""
        # TODO: refuse what can never be granted.
        # TODO: wait in a queue; leave it however this ends.
        # TODO: at its head, sleep for exactly as long as the missing tokens take to come in.
        # TODO: take the tokens.
        raise NotImplementedError("TODO: write TokenBucket.acquire")


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    """Work on all items, at most `limit` at once, one token each; results in the order of the items."""
    # TODO (stretch): refuse a `limit` below 1.
    # TODO (stretch): a task for each item: a slot and a token, then `worker`.
    raise NotImplementedError("TODO: write process_batch")
