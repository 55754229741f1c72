"""A limiter of one as the line, exact fractions as the arithmetic; the caller hands out tokens, then waits for a slot."""

from fractions import Fraction
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self._rate, self._capacity = Fraction(rate), Fraction(capacity)
        self._level, self._when = self._capacity, Fraction(anyio.current_time())
        self._head = anyio.CapacityLimiter(1)

    def _now(self) -> Fraction:
        now = Fraction(anyio.current_time())
        self._level = min(self._capacity, self._level + (now - self._when) * self._rate)
        self._when = now
        return self._level

    @property
    def available(self) -> float:
        return float(self._now())

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError
        wanted = Fraction(tokens)
        await self._head.acquire_on_behalf_of(key := object())
        try:
            while self._now() < wanted:
                await anyio.sleep(float((wanted - self._level) / self._rate))
            self._level -= wanted
        finally:
            self._head.release_on_behalf_of(key)


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError
    results: dict[int, R] = {}
    slots = anyio.CapacityLimiter(limit)

    async def one(index: int, item: T) -> None:
        try:
            results[index] = await worker(item)
        finally:
            slots.release_on_behalf_of(index)

    async with anyio.create_task_group() as tg:
        for index, item in enumerate(items):
            await bucket.acquire(1.0)
            await slots.acquire_on_behalf_of(index)
            tg.start_soon(one, index, item)
    return [results[i] for i in range(len(items))]
