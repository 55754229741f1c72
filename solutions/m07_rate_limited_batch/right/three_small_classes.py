"""The arithmetic, the line and the bucket are classes of their own; each task starts the next one when it ends."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class Level:
    def __init__(self, rate: float, capacity: float) -> None:
        self.rate, self.capacity, self.amount, self.at = rate, capacity, capacity, anyio.current_time()

    def now(self) -> float:
        return min(self.capacity, self.amount + self.rate * (anyio.current_time() - self.at))

    def take(self, tokens: float) -> None:
        self.amount, self.at = self.now() - tokens, anyio.current_time()

    def seconds_until(self, tokens: float) -> float:
        return (tokens - self.now()) / self.rate


class Line:
    def __init__(self) -> None:
        self._served = self._given = 0
        self._gone: set[int] = set()
        self._moved = anyio.Event()

    async def __aenter__(self) -> "Line":
        mine, self._given = self._given, self._given + 1
        try:
            while self._served != mine:
                await self._moved.wait()
        except BaseException:
            self._leave(mine)
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        self._leave(self._served)

    def _leave(self, number: int) -> None:
        self._gone.add(number)
        while self._served in self._gone:
            self._gone.remove(self._served)
            self._served += 1
        self._moved.set()
        self._moved = anyio.Event()


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("a bucket must hold something and fill up")
        self._level, self._line = Level(rate, capacity), Line()

    @property
    def available(self) -> float:
        return self._level.now()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._level.capacity:
            raise ValueError("cannot be granted")
        async with self._line:
            while (seconds := self._level.seconds_until(tokens)) > 0:
                await anyio.sleep(seconds)
            self._level.take(tokens)


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    results: dict[int, R] = dict.fromkeys(range(len(items)))
    todo = deque(range(len(items)))

    async def next_one() -> None:
        if todo:
            index = todo.popleft()
            await bucket.acquire()
            results[index] = await worker(items[index])
            group.start_soon(next_one)

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(items))):
            group.start_soon(next_one)
    return list(results.values())
