"""Built as a class with an exit stack for the slot and a result that is put in order at the end."""

from contextlib import AsyncExitStack, ExitStack
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
    return await _Batch(items, worker, limit, attempts, backoff, timeout).run()


class _Batch(Generic[T, R]):
    def __init__(self, items, worker, limit, attempts, backoff, timeout) -> None:
        self.items, self.worker, self.attempts = items, worker, attempts
        self.backoff, self.timeout = backoff, timeout
        self.slots = anyio.Semaphore(limit, max_value=limit)
        self.outcomes: list = [None] * len(items)

    async def run(self) -> BatchResult[R]:
        async with anyio.create_task_group() as group:
            for index in range(len(self.items)):
                group.start_soon(self.settle, index, name=f"item {index}")
        result: BatchResult[R] = BatchResult()
        for index, (good, value) in enumerate(self.outcomes):
            (result.succeeded if good else result.failed)[index] = value
        return result

    async def settle(self, index: int) -> None:
        for pause in (*(self.backoff * 2**n for n in range(self.attempts - 1)), None):
            good, value = self.outcomes[index] = await self.attempt(index)
            if good or pause is None:
                return
            await anyio.sleep(pause)

    async def attempt(self, index: int) -> tuple:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.slots)
            try:
                with anyio.fail_after(self.timeout):
                    return True, await self.worker(self.items[index])
            except Exception as error:
                return False, error
