"""Takes the items from a list until `None` comes, which is the mark for the end.

Breaks: R1
Also: R4 R5 R8 G1 G3 G4 G5 G6 G9
"""

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
    queue = [*enumerate(items), None]

    async def work() -> None:
        while (entry := queue.pop(0) if queue else None) is not None and entry[1] is not None:
            index, item = entry
            await settle(index, item)

    async def settle(index: int, item: T) -> None:
        try:
            result.succeeded[index] = await worker(item)
        except Exception as error:
            result.failed[index] = error

    async with anyio.create_task_group() as group:
        for _ in range(limit):
            group.start_soon(work)
    return result
