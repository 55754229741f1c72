"""Run jobs side by side, each with its own timeout.

Write `gather_within(jobs, timeout=…)`:

- All jobs run at the same time. The list has one entry per job, in the order of `jobs`.
- A job that is not done after `timeout` seconds is cancelled, and its entry is `TIMED_OUT`. The call returns
  when its `finally` blocks have ended. The other entries are kept.
- A job that raises, even while it is being cancelled, cancels the others, and its error leaves the call. So does
  its own `TimeoutError`.
- When the call is cancelled from outside, all jobs end and the cancellation goes on: no list.

Use anyio; the file must work on asyncio and trio.
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

T = TypeVar("T")


class TimedOut(Enum):
    """The entry in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    """Run all jobs at the same time, each for at most `timeout` seconds; an entry per job, in order."""
    # TODO: prepare one slot per job, so that the order of finishing does not matter.
    # TODO: start all jobs together, each bounded by `timeout`.
    # TODO: return the list when every job has ended.
    raise NotImplementedError("TODO: write gather_within")
