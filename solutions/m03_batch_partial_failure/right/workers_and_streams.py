"""Built with `limit` workers that read a stream; timers put failed items back into it; the last one settled closes it."""

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
    send, receive = anyio.create_memory_object_stream[tuple[int, int]](math.inf)
    for index in range(len(items)):
        send.send_nowait((index, 1))
    left = len(items)

    async def again(index: int, number: int) -> None:
        await anyio.sleep(backoff * 2 ** (number - 2))
        send.send_nowait((index, number))

    async def work() -> None:
        nonlocal left
        async for index, number in receive:
            try:
                with anyio.fail_after(timeout):
                    result.succeeded[index] = await worker(items[index])
            except Exception as error:
                if number < attempts:
                    group.start_soon(again, index, number + 1)
                    continue
                result.failed[index] = error
            left -= 1
            if not left:
                send.close()

    with send, receive:
        if items:
            async with anyio.create_task_group() as group:
                for _ in range(min(limit, len(items))):
                    group.start_soon(work)
    return result
