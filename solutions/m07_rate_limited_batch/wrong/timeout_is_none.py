"""A worker that timed out has no result.

Base: none
Breaks: R7
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate = rate
        self._capacity = capacity
        self._level = capacity
        self._updated = anyio.current_time()
        self._line = anyio.Lock()

    def _now(self) -> float:
        elapsed = anyio.current_time() - self._updated
        return min(self._capacity, self._level + elapsed * self._rate)

    @property
    def available(self) -> float:
        return self._now()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError(f"cannot take {tokens}")
        async with self._line:
            while (missing := tokens - self._now()) > 1e-9:
                await anyio.sleep(missing / self._rate)
            level = self._now() - tokens
            self._level, self._updated = level, anyio.current_time()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    results: list = [None] * len(items)

    async def one(index: int, item: T) -> None:
        async with slots:
            await bucket.acquire()
            try:
                results[index] = await worker(item)
            except TimeoutError:
                results[index] = None

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(one, index, item)
    return results
