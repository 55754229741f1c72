"""Takes at once, without a checkpoint, if nobody waits; else lines up at a lock. Arrival time of the next token instead of a level."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate, capacity")
        self.rate, self.capacity = rate, capacity
        self.burst = capacity / rate
        self.paid_until = anyio.current_time() - self.burst
        self.waiting = 0
        self.lock = anyio.Lock(fast_acquire=True)

    @property
    def available(self) -> float:
        return min(self.burst, anyio.current_time() - self.paid_until) * self.rate

    def _try(self, cost: float) -> float:
        start = max(self.paid_until, anyio.current_time() - self.burst)
        early = start + cost - anyio.current_time()
        if early <= 1e-9:
            self.paid_until = start + cost
            return 0.0
        return early

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self.capacity:
            raise ValueError("tokens")
        cost = tokens / self.rate
        if not self.waiting and not self._try(cost):
            return
        self.waiting += 1
        try:
            async with self.lock:
                while early := self._try(cost):
                    await anyio.sleep(early)
        finally:
            self.waiting -= 1


class _Batch:
    def __init__(self, items, worker, bucket) -> None:
        self.todo = list(enumerate(items))[::-1]
        self.worker, self.bucket = worker, bucket
        self.results = {}

    async def run(self, limit: int) -> list:
        async with anyio.create_task_group() as group:
            for _ in range(min(limit, len(self.todo))):
                group.start_soon(self.work)
        return [self.results[index] for index in sorted(self.results)]

    async def work(self) -> None:
        while self.todo:
            index, item = self.todo.pop()
            await self.bucket.acquire()
            self.results[index] = await self.worker(item)


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    return await _Batch(items, worker, bucket).run(limit)
