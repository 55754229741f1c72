"""Built with subclasses: of `dict` for both parts of the result, of `BatchResult`, of `ExceptionGroup`, `TimeoutError` and `ValueError`."""

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
            raise BatchFailed("some items failed", [self.failed[index] for index in sorted(self.failed)])


class BatchFailed(ExceptionGroup):
    pass


class BadArguments(ValueError):
    pass


class TooLong(TimeoutError):
    pass


class Once(dict):
    """A dictionary in which nothing is replaced."""

    def __setitem__(self, key, value) -> None:
        if key in self:
            raise KeyError(key)
        super().__setitem__(key, value)


class Counted(BatchResult[R]):
    def __init__(self) -> None:
        super().__init__(Once(), Once())
        self.calls = 0


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
        raise BadArguments(f"limit={limit}, attempts={attempts}")
    result: Counted[R] = Counted()
    slots = anyio.CapacityLimiter(limit)

    async def attempt(index: int) -> Exception | None:
        result.calls += 1
        value = error = None
        with anyio.move_on_after(timeout) as scope:
            try:
                value = await worker(items[index])
            except Exception as raised:
                error = raised
        if scope.cancelled_caught:
            return TooLong(f"{timeout} s")
        if error is None:
            result.succeeded[index] = value
        return error

    async def settle(index: int) -> None:
        pause = backoff
        for number in range(1, attempts + 1):
            async with slots:
                error = await attempt(index)
            if error is None:
                return
            if number < attempts:
                await anyio.sleep(pause)
                pause *= 2
        result.failed[index] = error

    async with anyio.create_task_group() as group:
        for index in range(len(items)):
            group.start_soon(settle, index)
    return result
