"""Built with one scheduler: a heap of due attempts, a count of free slots and an event that wakes it."""

import heapq
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class BatchResult(Generic[R]):
    """What became of each item, by its index."""

    succeeded: dict[int, R] = field(default_factory=dict)
    failed: dict[int, Exception] = field(default_factory=dict)

    def raise_for_failures(self) -> None:
        if self.failed:
            raise ExceptionGroup("some items failed", [self.failed[index] for index in sorted(self.failed)])


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    if limit < 1 or attempts < 1:
        raise ValueError("limit and attempts must be at least 1")
    result: BatchResult[R] = BatchResult()
    due = [(-math.inf, index, 1) for index in range(len(items))]
    free, left, wake = limit, len(items), anyio.Event()

    async def attempt(index: int, number: int) -> None:
        nonlocal free, left
        try:
            with anyio.fail_after(timeout):
                result.succeeded[index] = await worker(items[index])
        except Exception as error:
            if number < attempts:
                heapq.heappush(due, (anyio.current_time() + backoff * 2 ** (number - 1), index, number + 1))
                left += 1
            else:
                result.failed[index] = error
        left -= 1
        free += 1
        wake.set()

    async with anyio.create_task_group() as group:
        while left:
            wake = anyio.Event()
            while free and due and due[0][0] <= anyio.current_time():
                _, index, number = heapq.heappop(due)
                free -= 1
                group.start_soon(attempt, index, number)
            with anyio.CancelScope(deadline=due[0][0] if due and free else math.inf):
                await wake.wait()
    return result
