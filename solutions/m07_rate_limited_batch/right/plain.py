"""Built from a lock that makes callers wait in order, and tokens counted when somebody looks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        self._lock = anyio.Lock()

    @property
    def available(self) -> float:
        self._refill()
        return self._tokens

    def _refill(self) -> None:
        now = anyio.current_time()
        self._tokens = min(self._capacity, self._tokens + (now - self._updated) * self._rate)
        self._updated = now

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    slots = anyio.Semaphore(limit)

    async def work(index: int, item: T) -> None:
        async with slots:
            await bucket.acquire()
            results[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return [results[index] for index in range(len(items))]
