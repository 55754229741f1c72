"""Built with a `defaultdict` and an `OrderedDict`, filled in the order of the items at the end."""

import math
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from anyio import Semaphore, create_task_group, fail_after, sleep

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class BatchResult(Generic[R]):
    """What became of each item, by its index."""

    succeeded: dict[int, R] = field(default_factory=dict)
    failed: dict[int, Exception] = field(default_factory=dict)

    def raise_for_failures(self) -> None:
        """Raise all failures at once, in index order.

        Raises:
            ExceptionGroup: of just the exceptions in `failed`, if there are any.
        """
        if self.failed:
            raise ExceptionGroup(f"{len(self.failed)} failed", [self.failed[index] for index in sorted(self.failed)])


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    """Work on all items and say for each how it went.

    Args:
        items: each is worked on by itself, also if it is there twice.
        worker: is called with one item; its `Exception` is a failure of that item only.
        limit: how many calls of `worker` may run at once.
        attempts: how often an item is tried at most.
        backoff: seconds between the first failure of an item and its second attempt; doubled each time.
        timeout: seconds that one attempt may take.

    Raises:
        ValueError: `limit` or `attempts` is below 1.
    """
    if limit < 1 or attempts < 1:
        raise ValueError("limit and attempts must be at least 1")
    result: BatchResult[R] = BatchResult()
    slots = Semaphore(limit)

    async def settle(index: int, item: T) -> None:
        for attempt in range(1, attempts + 1):
            try:
                # The slot first: waiting for it is not part of the attempt. Once in, the clock runs.
                async with slots:
                    with fail_after(timeout):
                        result.succeeded[index] = await worker(item)
            except Exception as error:
                if attempt == attempts:
                    result.failed[index] = error
                    return
            else:
                return
            # The slot is free again while this item waits for its next attempt.
            await sleep(backoff * 2 ** (attempt - 1))

    async with create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    succeeded: defaultdict[int, R] = defaultdict(lambda: None)  # type: ignore[arg-type]
    succeeded.update((index, result.succeeded[index]) for index in sorted(result.succeeded))
    return BatchResult(succeeded, OrderedDict((index, result.failed[index]) for index in sorted(result.failed)))
