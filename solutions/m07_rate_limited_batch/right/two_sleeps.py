"""The line is a semaphore of one; who waits sleeps in two portions. Errors leave the call bare."""

from collections import deque
from operator import itemgetter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self._rate = rate
        self._capacity = capacity
        self._tokens = capacity
        self._updated = anyio.current_time()
        self._sem = anyio.Semaphore(1)

    @property
    def available(self) -> float:
        self._update()
        return self._tokens

    def _update(self) -> None:
        now = anyio.current_time()
        self._tokens = min(self._capacity, self._tokens + self._rate * (now - self._updated))
        self._updated = now

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self._capacity:
            raise ValueError
        await self._sem.acquire()
        try:
            self._update()
            if self._tokens < tokens:
                lacking = (tokens - self._tokens) / self._rate
                await anyio.sleep(lacking / 2)
                self._update()
                while self._tokens < tokens:
                    await anyio.sleep((tokens - self._tokens) / self._rate)
                    self._update()
            else:
                await anyio.sleep(0)
            self._tokens -= tokens
        finally:
            self._sem.release()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError
    found: deque[tuple[int, R]] = deque()
    gate = anyio.Semaphore(limit)

    async def one(index: int, item: T) -> None:
        async with gate:
            await bucket.acquire(tokens=1)
            found.append((index, await worker(item)))

    try:
        async with anyio.create_task_group() as tg:
            for index, item in enumerate(items):
                tg.start_soon(one, index, item)
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
    return [value for _, value in sorted(found, key=itemgetter(0))]
