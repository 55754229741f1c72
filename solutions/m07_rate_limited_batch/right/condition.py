"""Waiters on one condition, each with a ticket; the head waits no longer than until its tokens are there."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if not (rate > 0 and capacity > 0):
            raise ValueError("rate and capacity")
        self.rate = rate
        self.capacity = capacity
        self.stored = float(capacity)
        self.updated = anyio.current_time()
        self.tickets = itertools.count()
        self.line: list[int] = []
        self.changed = anyio.Condition()

    @property
    def available(self) -> float:
        self._refill()
        return self.stored

    def _refill(self) -> None:
        now = anyio.current_time()
        self.stored = min(self.stored + (now - self.updated) * self.rate, self.capacity)
        self.updated = now

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self.capacity:
            raise ValueError("tokens")
        async with self.changed:
            ticket = next(self.tickets)
            self.line.append(ticket)
            try:
                while True:
                    if self.line[0] != ticket:
                        await self.changed.wait()
                        continue
                    missing = tokens - self.available
                    if missing <= 1e-9:
                        break
                    with anyio.move_on_after(missing / self.rate):
                        await self.changed.wait()
                self.stored -= tokens
            finally:
                self.line.remove(ticket)
                self.changed.notify_all()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    results: list[R | None] = [None] * len(items)
    limiter = anyio.CapacityLimiter(limit)

    async def one(index: int) -> None:
        await bucket.acquire(1)
        async with limiter:
            results[index] = await worker(items[index])

    async with anyio.create_task_group() as tg:
        for index in range(len(items)):
            tg.start_soon(one, index)
    return results
