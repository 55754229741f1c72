"""Built with a watchdog task beside each attempt that cancels it when the time is up."""

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

    async def bounded(item: T) -> R:
        outcome: list = []
        late = False

        async def watch() -> None:
            nonlocal late
            await anyio.sleep(timeout)
            late = True
            scope.cancel()

        async with anyio.create_task_group() as pair:
            if timeout < math.inf:
                pair.start_soon(watch)
            with anyio.CancelScope() as scope:
                try:
                    outcome.append((await worker(item), None))
                except Exception as error:
                    outcome.append((None, error))
            pair.cancel_scope.cancel()
        if not outcome:
            raise TimeoutError
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    async def settle(index: int, item: T) -> None:
        for attempt in range(attempts):
            try:
                async with slots:
                    result.succeeded[index] = await bounded(item)
                break
            except Exception as error:
                result.failed[index] = error
            if attempt + 1 < attempts:
                await anyio.sleep(backoff * 2**attempt)
        if index in result.succeeded:
            result.failed.pop(index, None)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
