"""Built with a capacity limiter, tokens borrowed for the index; the pause is slept until a moment."""

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
    slots = anyio.CapacityLimiter(limit)

    async def settle(index: int, item: T) -> None:
        for attempt in range(1, attempts + 1):
            try:
                await slots.acquire_on_behalf_of(index)
                try:
                    with anyio.fail_after(timeout):
                        result.succeeded[index] = await worker(item)
                finally:
                    slots.release_on_behalf_of(index)
                return
            except Exception as error:
                if attempt == attempts:
                    result.failed[index] = error
                    return
            await anyio.sleep_until(anyio.current_time() + backoff * 2 ** (attempt - 1))

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
