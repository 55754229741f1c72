"""Built with a stream of `limit` tokens: who has one may run, and puts it back."""

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
    give, take = anyio.create_memory_object_stream[None](limit)
    for _ in range(limit):
        give.send_nowait(None)

    async def attempt(index: int) -> Exception | None:
        await take.receive()
        try:
            with anyio.fail_after(timeout):
                result.succeeded[index] = await worker(items[index])
            return None
        except Exception as error:
            return error
        finally:
            give.send_nowait(None)

    async def settle(index: int) -> None:
        number = 1
        while (failure := await attempt(index)) is not None:
            if number == attempts:
                result.failed[index] = failure
                break
            await anyio.sleep(backoff * (1 << number - 1))
            number += 1

    with give, take:
        async with anyio.create_task_group() as group:
            for index in reversed(range(len(items))):
                group.start_soon(settle, index)
    return result
