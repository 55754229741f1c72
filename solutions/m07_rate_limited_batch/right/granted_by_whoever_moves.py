"""Waiters are granted by whoever changes the line; a timer of the head's only; a grant to one that was cancelled is given back."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class _Request:
    def __init__(self, tokens: float) -> None:
        self.tokens = tokens
        self.granted = False
        self.wake = anyio.Event()


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("positive numbers only")
        self._rate, self._capacity = float(rate), float(capacity)
        self._level, self._time = self._capacity, anyio.current_time()
        self._line: deque[_Request] = deque()

    @property
    def available(self) -> float:
        return min(self._capacity, self._level + (anyio.current_time() - self._time) * self._rate)

    def _take(self, tokens: float) -> None:
        self._level, self._time = min(self._capacity, self.available - tokens), anyio.current_time()

    def _serve(self) -> None:
        while self._line and self._line[0].tokens <= self.available + 1e-9:
            request = self._line.popleft()
            self._take(request.tokens)
            request.granted = True
            request.wake.set()
        if self._line:
            self._line[0].wake.set()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("too few or too many")
        request = _Request(tokens)
        self._line.append(request)
        self._serve()
        try:
            while not request.granted:
                if self._line[0] is request:
                    await anyio.sleep(max(0, request.tokens - self.available) / self._rate)
                    self._serve()
                else:
                    await request.wake.wait()
        except BaseException:
            if request.granted:
                self._take(-tokens)
            else:
                self._line.remove(request)
            self._serve()
            raise


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit")
    results: dict[int, R] = {}
    failure: list[BaseException] = []
    slots = anyio.Semaphore(limit)

    async def one(index: int, item: T, scope: anyio.CancelScope) -> None:
        await bucket.acquire()
        async with slots:
            try:
                results[index] = await worker(item)
            except Exception as error:
                failure.append(error)
                scope.cancel()

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(one, index, item, group.cancel_scope)
    if failure:
        raise failure[0]
    return [results[index] for index in range(len(items))]
