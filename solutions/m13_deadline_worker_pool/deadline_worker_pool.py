"""Run jobs on a few workers until a deadline, the most urgent first, and report on every one of them."""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from anyio import create_task_group, current_effective_deadline, current_time, move_on_at

T = TypeVar("T")


class Status(StrEnum):
    """What became of a job."""

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
    """Run the jobs on `workers` workers until the pool's end; say for each how it went.

    Args:
        jobs: those with the earliest deadline start first.
        workers: how many jobs may run at once.
        deadline: on the clock of `anyio.current_time()`.
        margin: how long before the tightest deadline around the call the pool ends (s), so that the report is there
            before that deadline cuts the caller off.

    Returns:
        One outcome for each job, in the order of `jobs`.

    Raises:
        ValueError: `workers` is below 1, or `margin` below 0.
    """
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    pool_end = min(deadline, current_effective_deadline() - margin)
    # Skipped, until something else becomes of it: this also fixes the order of the report.
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))  # sorting keeps the order of equal ones

    async def work() -> None:
        while waiting:
            job = waiting.popleft()
            end = min(job.deadline, pool_end)
            left = end - current_time()
            if left > 0 and left >= job.estimate:
                outcomes[job.name] = await _run(job, end)

    async with create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes


async def _run(job: Job[T], end: float) -> Outcome[T]:
    """Run one job until its end at the latest. A cancellation from outside is not an outcome: it passes through."""
    with move_on_at(end):
        # Inside the scope, so that a `TimeoutError` that gets here can only be the job's own.
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
