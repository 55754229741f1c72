"""A context manager is a turn at the head of the line; the wait is a scope with a deadline around sleeping for ever."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self.__rate, self.__capacity = rate, capacity
        self.__spent, self.__start = 0.0, anyio.current_time()
        self.__line: "OrderedDict[object, anyio.Event]" = OrderedDict()

    def __earned(self) -> float:
        return (anyio.current_time() - self.__start) * self.__rate

    @property
    def available(self) -> float:
        return min(self.__capacity, self.__capacity + self.__earned() - self.__spent)

    @asynccontextmanager
    async def __turn(self) -> AsyncIterator[None]:
        me, event = object(), anyio.Event()
        self.__line[me] = event
        try:
            if next(iter(self.__line)) is not me:
                await event.wait()
            yield
        finally:
            del self.__line[me]
            if self.__line:
                next(iter(self.__line.values())).set()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self.__capacity:
            raise ValueError("cannot be granted")
        async with self.__turn():
            missing = tokens - self.available
            while missing > 0:
                with anyio.move_on_after(missing / self.__rate):
                    await anyio.sleep_forever()
                missing = tokens - self.available
            self.__spent = max(self.__spent, self.__earned()) + tokens


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    running = 0
    changed = anyio.Condition()
    results: dict[int, R] = {}

    async def one(index: int) -> None:
        nonlocal running
        async with changed:
            while running >= limit:
                await changed.wait()
            running += 1
        try:
            await bucket.acquire()
            results[index] = await worker(items[index])
        finally:
            with anyio.CancelScope(shield=True):
                async with changed:
                    running -= 1
                    changed.notify()

    async with anyio.create_task_group() as tg:
        for index in range(len(items)):
            tg.start_soon(one, index)
    return [results[i] for i in range(len(items))]
