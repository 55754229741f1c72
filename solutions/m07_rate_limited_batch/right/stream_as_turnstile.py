"""A memory stream with one permit is the line; another one hands items to workers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self.rate, self.capacity = rate, capacity
        self.tokens, self.seen = capacity, anyio.current_time()
        self.give_back, self.turnstile = anyio.create_memory_object_stream[None](1)
        self.give_back.send_nowait(None)

    @property
    def available(self) -> float:
        return min(self.capacity, self.tokens + (anyio.current_time() - self.seen) * self.rate)

    async def acquire(self, tokens: float = 1.0) -> None:
        if not (0 < tokens <= self.capacity):
            raise ValueError
        await self.turnstile.receive()
        try:
            while self.available < tokens:
                await anyio.sleep((tokens - self.available) / self.rate)
            self.tokens = self.available - tokens
            self.seen = anyio.current_time()
        finally:
            self.give_back.send_nowait(None)


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError
    results: list = [None] * len(items)
    send, receive = anyio.create_memory_object_stream[tuple[int, T]](max(1, len(items)))

    async def work(stream) -> None:
        async with stream:
            async for index, item in stream:
                await bucket.acquire()
                results[index] = await worker(item)

    async with anyio.create_task_group() as group, send:
        for pair in enumerate(items):
            send.send_nowait(pair)
        send.close()
        async with receive:
            for _ in range(min(limit, len(items))):
                group.start_soon(work, receive.clone())
    return results
