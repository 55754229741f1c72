"""Built as a beginner would: a stack of what waits, from which the last one runs first, and a wake-up event made anew each time."""

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
        if len(self.failed) == 0:
            return
        errors = []
        for index in sorted(self.failed.keys()):
            errors.append(self.failed[index])
        raise ExceptionGroup("failures", errors)


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    if limit < 1:
        raise ValueError("limit")
    if attempts < 1:
        raise ValueError("attempts")

    result = BatchResult()
    waiting = [(index, 1) for index in range(len(items))]
    running = 0
    sleeping = 0
    changed = anyio.Event()

    def tell() -> None:
        nonlocal changed
        changed.set()
        changed = anyio.Event()

    async def work(index: int, attempt: int) -> None:
        nonlocal running, sleeping
        try:
            with anyio.fail_after(timeout):
                result.succeeded[index] = await worker(items[index])
        except Exception as error:
            running -= 1
            if attempt == attempts:
                result.failed[index] = error
            else:
                sleeping += 1
                tell()
                await anyio.sleep(backoff * 2 ** (attempt - 1))
                sleeping -= 1
                waiting.append((index, attempt + 1))
        else:
            running -= 1
        tell()

    async with anyio.create_task_group() as group:
        while waiting or running or sleeping:
            if waiting and running < limit:
                index, attempt = waiting.pop()
                running += 1
                group.start_soon(work, index, attempt)
            else:
                await changed.wait()
    return result
