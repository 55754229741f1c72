"""Built with a condition and a count of running calls; the timeout is a scope whose end is asked for."""

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
    running = 0
    changed = anyio.Condition()

    async def one(item: T) -> R:
        nonlocal running
        async with changed:
            while running == limit:
                await changed.wait()
            running += 1
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + timeout) as scope:
                return await worker(item)
            raise TimeoutError("took too long")
        finally:
            with anyio.CancelScope(shield=True):
                async with changed:
                    running -= 1
                    changed.notify()

    async def settle(index: int, item: T) -> None:
        pause = backoff
        for left in reversed(range(attempts)):
            try:
                result.succeeded[index] = await one(item)
                return
            except Exception as error:
                if not left:
                    result.failed[index] = error
                    return
            await anyio.sleep(pause)
            pause *= 2

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
