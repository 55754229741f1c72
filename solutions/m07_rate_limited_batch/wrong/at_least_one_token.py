"""A bucket holds one token at least, whatever its capacity.

Base: none
Breaks: R2
Also: R6
"""

from collections import deque
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
        self._capacity = max(1, capacity)
        self._level = self._capacity
        self._at = anyio.current_time()
        self._line = deque()

    @property
    def available(self) -> float:
        return min(self._capacity, self._level + (anyio.current_time() - self._at) * self._rate)

    def _refill(self) -> None:
        self._level, self._at = self.available, anyio.current_time()

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self._capacity:
            raise ValueError("tokens")
        me = anyio.Event()
        self._line.append(me)
        try:
            if self._line[0] is not me:
                await me.wait()
            self._refill()
            while self._level < tokens - 1e-9:
                await anyio.sleep((tokens - self._level) / self._rate)
                self._refill()
            self._level -= tokens
        finally:
            self._line.remove(me)
            if self._line:
                self._line[0].set()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    results = [None] * len(items)
    slots = anyio.Semaphore(limit)

    async def one(i: int, item: T) -> None:
        async with slots:
            await bucket.acquire()
            results[i] = await worker(item)

    async with anyio.create_task_group() as tg:
        for i, item in enumerate(items):
            tg.start_soon(one, i, item)
    return results
