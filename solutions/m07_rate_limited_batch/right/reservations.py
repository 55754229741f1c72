"""Each waiter knows its due time from all before it; when the line changes all work theirs out anew."""

import math
from dataclasses import dataclass
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False)
class _Waiter:
    tokens: float


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if min(rate, capacity) <= 0:
            raise ValueError("must be positive")
        self._rate, self._capacity = rate, capacity
        self._level, self._at = capacity, anyio.current_time()
        self._line: list[_Waiter] = []
        self._changed = anyio.Event()

    @property
    def available(self) -> float:
        return min(self._capacity, self._level + self._rate * (anyio.current_time() - self._at))

    def _wait_for(self, me: _Waiter) -> float:
        before = self._line[: self._line.index(me) + 1]
        return (sum(waiter.tokens for waiter in before) - self.available) / self._rate

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self._capacity:
            raise ValueError(f"cannot grant {tokens}")
        me = _Waiter(tokens)
        self._line.append(me)
        try:
            while (missing := self._wait_for(me)) > 1e-9 or self._line[0] is not me:
                with anyio.move_on_after(missing if missing > 1e-9 else math.inf):
                    await self._changed.wait()
            self._level, self._at = self.available - tokens, anyio.current_time()
        finally:
            self._line.remove(me)
            self._changed.set()
            self._changed = anyio.Event()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    slots = anyio.Semaphore(limit)
    results: dict[int, R] = {}

    async def run(index: int, item: T) -> None:
        try:
            results[index] = await worker(item)
        finally:
            slots.release()

    async with anyio.create_task_group() as tg:
        for index, item in enumerate(items):
            await slots.acquire()
            await bucket.acquire()
            tg.start_soon(run, index, item)
    return [value for _, value in sorted(results.items(), key=lambda pair: pair[0])]
