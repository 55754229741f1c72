"""Work on many items, some of which fail, and keep every result.

Core
----
`run_batch(items, worker, limit=…)` awaits `worker(item)` for every item:

- Never more than `limit` calls run at once, and as many as `limit` allows while items wait.
- What `worker` returned goes into `succeeded`, the exception object that it raised into `failed`, under the index of
  the item. A failure does not disturb the others. Only an `Exception` is a failure.
- `limit` or `attempts` below 1: `ValueError`, before `worker` is called.
- Cancelled from outside, the call ends by the cancellation as soon as the running workers have cleaned up, and `worker`
  is not called again.

`raise_for_failures()` raises an `ExceptionGroup` of the failures as they are, in index order, if there are any.

Stretch
-------
- A failed item is tried again, `attempts` times in all. Attempt 2 starts `backoff` seconds after attempt 1 failed,
  attempt 3 twice that time after attempt 2, and so on. Meanwhile the item holds no slot, so that another one can run.
  There is no wait after the last attempt. `failed` holds the exception of the last one.
- An attempt that takes longer than `timeout` seconds, counted from the call of `worker`, is cancelled and has failed
  with `TimeoutError`. It gives its slot back when its cleanup has ended.

Use anyio; the file must work on asyncio and trio. `worker` may be any callable that returns an awaitable.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class BatchResult(Generic[R]):
    """What happened to each item, by its index."""

    succeeded: dict[int, R] = field(default_factory=dict)
    failed: dict[int, Exception] = field(default_factory=dict)

    def raise_for_failures(self) -> None:
        """Raise an `ExceptionGroup` of the failures, in index order, if there are any."""
        # TODO: nothing failed → return; else raise the group.
        raise NotImplementedError("TODO: write raise_for_failures")


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    """Work on all items, at most `limit` at once; every index ends up in `succeeded` or in `failed`."""
    # TODO: refuse what makes no sense.
    # TODO: a task per item that takes a slot, calls `worker` and writes down how it went.
    # TODO: return the result when every item is settled.
    # TODO (stretch): try again after a growing pause, without a slot; bound each attempt by `timeout`.
    raise NotImplementedError("TODO: write run_batch")
