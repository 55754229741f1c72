"""Built with a queue of events: who gives a slot back wakes the next one."""

from collections import deque
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
    free = limit
    line: deque[anyio.Event] = deque()

    async def take() -> None:
        nonlocal free
        if free:
            free -= 1
            return
        turn = anyio.Event()
        line.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                give_back()
            else:
                line.remove(turn)
            raise

    def give_back() -> None:
        nonlocal free
        if line:
            line.popleft().set()
        else:
            free += 1

    async def settle(index: int, item: T) -> None:
        number = 0
        while True:
            await take()
            try:
                with anyio.fail_after(timeout):
                    value = await worker(item)
            except Exception as error:
                failure = error
            else:
                result.succeeded[index] = value
                return
            finally:
                give_back()
            number += 1
            if number >= attempts:
                result.failed[index] = failure
                return
            await anyio.sleep(backoff * 2.0 ** (number - 1))

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
