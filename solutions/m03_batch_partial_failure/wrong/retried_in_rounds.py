"""Tries all failed items again together, in a second round, when the first one is through.

Breaks: R4
Also: R2 R5 G9
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
    slots = anyio.Semaphore(limit)

    async def attempt(index: int) -> None:
        async with slots:
            try:
                with anyio.fail_after(timeout):
                    result.succeeded[index] = await worker(items[index])
                result.failed.pop(index, None)
            except Exception as error:
                result.failed[index] = error

    left = list(range(len(items)))
    for number in range(attempts):
        if number:
            await anyio.sleep(backoff * 2 ** (number - 1))
        async with anyio.create_task_group() as group:
            for index in left:
                group.start_soon(attempt, index)
        left = sorted(result.failed)
        if not left:
            break
    return result
