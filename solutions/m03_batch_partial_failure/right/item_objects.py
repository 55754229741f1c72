"""Built with an iterator that all slots share, a lock around it for each retry that is due, and a class for one item."""

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
        failures = [error for _, error in sorted(self.failed.items(), key=lambda pair: pair[0])]
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(failures) + len(self.succeeded)} failed", failures)


class _Item(Generic[T, R]):
    """One item of the batch: where it is, how often it was tried, how it ended."""

    def __init__(self, index: int, item: T, pauses: list[float]) -> None:
        self.index, self.item, self.pauses = index, item, pauses
        self.outcome: tuple[bool, R | Exception] | None = None

    async def attempt(self, worker: Callable[[T], Awaitable[R]], timeout: float) -> bool:
        """Tell whether it is settled."""
        deadline = anyio.current_time() + timeout
        try:
            with anyio.CancelScope(deadline=deadline) as scope:
                self.outcome = True, await worker(self.item)
            if self.outcome is None or scope.cancelled_caught:
                raise TimeoutError
        except Exception as error:
            self.outcome = False, error
            return not self.pauses
        return True


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    if min(limit, attempts) < 1:
        raise ValueError("at least 1")
    all_items = [_Item(n, item, [backoff * 2**k for k in range(attempts - 1)]) for n, item in enumerate(items)]
    free = limit
    turn = anyio.Condition()

    async def settle(one: _Item) -> None:
        nonlocal free
        while True:
            async with turn:
                while not free:
                    await turn.wait()
                free -= 1
            one.outcome = None
            try:
                over = await one.attempt(worker, timeout)
            finally:
                free += 1
                with anyio.CancelScope(shield=True):
                    async with turn:
                        turn.notify()
            if over:
                return
            await anyio.sleep(one.pauses.pop(0))

    async with anyio.create_task_group() as group:
        for one in all_items:
            group.start_soon(settle, one)
    result: BatchResult[R] = BatchResult()
    for one in all_items:
        good, value = one.outcome
        (result.succeeded if good else result.failed)[one.index] = value
    return result
