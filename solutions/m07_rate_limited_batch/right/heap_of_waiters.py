"""A heap of numbered waiters whose least one is the head; the caller takes tokens and hands items to workers through a stream without a buffer."""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio
import anyio.lowlevel

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self.rate, self.capacity = rate, capacity
        self.level, self.at = capacity, anyio.current_time()
        self.order = 0
        self.heap: list[tuple[int, anyio.Event]] = []

    @property
    def available(self) -> float:
        now = anyio.current_time()
        self.level += (now - self.at) * self.rate
        self.level = self.level if self.level < self.capacity else self.capacity
        self.at = now
        return self.level

    async def acquire(self, tokens: float = 1.0) -> None:
        if not tokens > 0 or not tokens <= self.capacity:
            raise ValueError
        self.order += 1
        mine = (self.order, anyio.Event())
        heapq.heappush(self.heap, mine)
        try:
            await self._stand(mine, tokens)
        finally:
            self.heap.remove(mine)
            heapq.heapify(self.heap)
            if self.heap:
                self.heap[0][1].set()

    async def _stand(self, mine: tuple[int, anyio.Event], tokens: float) -> None:
        while self.heap[0] is not mine:
            await mine[1].wait()
        await anyio.lowlevel.checkpoint()
        while (lack := tokens - self.available) > 0:
            await anyio.sleep(lack / self.rate)
        self.level -= tokens


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError
    if not items:
        return []
    results: dict[int, R] = {}
    send, receive = anyio.create_memory_object_stream[int]()

    async def slot() -> None:
        async for index in receive:
            results[index] = await worker(items[index])

    with receive:
        async with anyio.create_task_group() as tg:
            for _ in range(min(limit, len(items))):
                tg.start_soon(slot)
            with send:
                for index in range(len(items)):
                    await bucket.acquire()
                    await send.send(index)
    return [results[index] for index in range(len(items))]
