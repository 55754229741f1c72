"""Each waiter has an event in a deque; whoever leaves the line sets the event of the new head. Workers share an iterator."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0:
            raise ValueError("rate")
        if capacity <= 0:
            raise ValueError("capacity")
        self._rate, self._capacity = rate, capacity
        self._full_at = anyio.current_time()
        self._line: deque[anyio.Event] = deque()

    @property
    def available(self) -> float:
        lacking = max(0.0, (self._full_at - anyio.current_time()) * self._rate)
        return self._capacity - lacking

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens")
        turn = anyio.Event()
        self._line.append(turn)
        try:
            if self._line[0] is not turn:
                await turn.wait()
            # The level at which these tokens are there, as a point in time.
            ready = self._full_at - (self._capacity - tokens) / self._rate
            await anyio.sleep_until(ready)
            self._full_at = max(self._full_at, anyio.current_time()) + tokens / self._rate
        finally:
            self._line.remove(turn)
            if self._line:
                self._line[0].set()


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be positive")
    todo = iter(list(enumerate(items)))
    done: dict[int, R] = {}

    async def slot() -> None:
        for index, item in todo:
            await bucket.acquire()
            done[index] = await worker(item)

    async with anyio.create_task_group() as tg:
        for _ in range(min(limit, len(items))):
            tg.start_soon(slot)
    return [done[index] for index in sorted(done)]
