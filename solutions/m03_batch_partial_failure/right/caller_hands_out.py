"""Built so that the caller takes a slot for each item before it starts its task; retries take one of their own."""

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

    async def settle(index: int) -> None:
        for number in range(1, attempts + 1):
            if number > 1:
                await anyio.sleep(backoff * 2 ** (number - 2))
                await slots.acquire()
            try:
                with anyio.fail_after(timeout):
                    value = await worker(items[index])
            except Exception as error:
                slots.release()
                if number == attempts:
                    result.failed[index] = error
            except BaseException:
                slots.release()
                raise
            else:
                slots.release()
                result.succeeded[index] = value
                return

    async with anyio.create_task_group() as group:
        for index in range(len(items)):
            await slots.acquire()
            group.start_soon(settle, index)
    return result
