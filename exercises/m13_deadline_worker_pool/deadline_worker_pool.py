"""Run jobs on a few workers until a deadline, and report on every one of them.

Core. Deadlines are points on the clock of `anyio.current_time()`. The pool ends at `deadline` or, if sooner,
`margin` before the tightest deadline around the call. A job ends at its own deadline or with the pool; `run` is called
with that time, in a scope that ends then.

`workers` jobs run at once, fewer only if none waits. Each has one outcome, in the order of `jobs`:

- `DONE` with its value, `FAILED` with its exception;
- `TIMED_OUT` if its end cancelled it; its worker goes on;
- `SKIPPED`, not called, if less than its estimate is left when it would start, or its end has passed.

The call returns when each has its outcome; a cancellation is not one. `workers < 1` or `margin < 0`: `ValueError`.

Stretch. Of the jobs that wait, the one with the earliest `deadline` starts first; equal ones in the order of `jobs`.
With a margin the report is there before the deadline around the call expires.

Use anyio; the file must work on asyncio and trio. `run` may be any callable that returns an awaitable.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Status(StrEnum):
    """How a job ended, or that it never began."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Job(Generic[T]):
    """Something to do: `run(end)` is awaited, should be over at `end`, and takes about `estimate` seconds."""

    name: str
    run: Callable[[float], Awaitable[T]]
    deadline: float = math.inf
    estimate: float = 0.0


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """How a job ended: with a value, with an error, or without either."""

    status: Status
    value: T | None = None
    error: Exception | None = None


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    """Run the jobs on `workers` workers until the pool's end; return how each of them ended."""
    # TODO: refuse what makes no sense.
    # TODO: find the pool's end.
    # TODO: workers that take jobs from one queue until it is empty.
    # TODO: for each job its end; skip it, or run it within that end, and write down how it went.
    # TODO (stretch): put the queue in order.
    raise NotImplementedError("TODO: write run_pool")
