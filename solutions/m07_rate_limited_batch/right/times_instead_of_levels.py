"""Remembers when the bucket was empty; a lock taken and released by hand; the caller waits for a free slot at an event."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if not rate > 0:
            raise ValueError("rate")
        if not capacity > 0:
            raise ValueError("capacity")
        self._rate, self._capacity = rate, capacity
        self._empty_at = anyio.current_time() - capacity / rate
        self._lock = anyio.Lock()

    @property
    def available(self) -> float:
        return min(self._capacity, (anyio.current_time() - self._empty_at) * self._rate)

    async def acquire(self, tokens: float = 1.0, *, patience: float = float("inf")) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens")
        with anyio.fail_after(patience):
            await self._lock.acquire()
            try:
                await anyio.sleep_until(self._empty_at + tokens / self._rate)
                while self.available < tokens - 1e-7:
                    await anyio.sleep_until(self._empty_at + tokens / self._rate)
                now = anyio.current_time()
                self._empty_at = max(self._empty_at, now - self._capacity / self._rate) + tokens / self._rate
            finally:
                self._lock.release()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    results: dict[int, R] = {}
    running: set[int] = set()
    freed = anyio.Event()

    async def one(index: int, item: T) -> None:
        try:
            results[index] = await worker(item)
        finally:
            running.discard(index)
            freed.set()

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            while len(running) >= limit:
                freed = anyio.Event()
                await freed.wait()
            running.add(index)
            await bucket.acquire()
            group.start_soon(one, index, item)
    return list(map(results.__getitem__, range(len(items))))
