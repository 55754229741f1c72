"""Ten workers are enough.

Base: none
Breaks: R7
"""

import anyio.lowlevel
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class _Node:
    def __init__(self, before):
        self.before = before
        self.gone = anyio.Event()

    async def head(self):
        while self.before is not None:
            if self.before.gone.is_set():
                self.before = self.before.before
            else:
                await self.before.gone.wait()


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        for name, value in (("rate", rate), ("capacity", capacity)):
            if not value > 0:
                raise ValueError(name)
        self.rate, self.capacity = rate, capacity
        self.full_at = anyio.current_time()
        self.last = None

    def level_at(self, now):
        return self.capacity - max(0.0, self.full_at - now) * self.rate

    @property
    def available(self) -> float:
        return self.level_at(anyio.current_time())

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self.capacity:
            raise ValueError("tokens")
        await anyio.lowlevel.checkpoint_if_cancelled()
        node = self.last = _Node(self.last)
        try:
            await node.head()
            node.before = None
            due = self.full_at - (self.capacity - tokens) / self.rate
            if due > anyio.current_time():
                await anyio.sleep_until(due)
            self.full_at = max(self.full_at, anyio.current_time()) + tokens / self.rate
        finally:
            node.gone.set()
            if self.last is node:
                self.last = node.before


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if not limit >= 1:
        raise ValueError("limit")
    work = iter(enumerate(items))
    done: dict[int, R] = {}

    async def run() -> None:
        for index, item in work:
            await bucket.acquire(1)
            done[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(items), 10)):
            group.start_soon(run)
    return [done[index] for index in sorted(done)]
