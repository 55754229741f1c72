"""Built with tasks that start the next job themselves when they end."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import anyio


T = TypeVar("T")


class Status(StrEnum):
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Job(Generic[T]):
    name: str
    run: Callable[[float], Awaitable[T]]
    deadline: float = math.inf
    estimate: float = 0.0


@dataclass(frozen=True)
class Outcome(Generic[T]):
    status: Status
    value: T | None = None
    error: Exception | None = None


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")

    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {job.name: Outcome(Status.SKIPPED) for job in jobs}
    rest = list(jobs)

    async def run(job: Job[T], end: float) -> None:
        with anyio.move_on_at(end) as scope:
            try:
                outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
            except Exception as error:
                outcomes[job.name] = Outcome(Status.FAILED, error=error)
        if scope.cancelled_caught:
            outcomes[job.name] = Outcome(Status.TIMED_OUT)
        start_next()

    def start_next() -> None:
        while rest:
            job = min(rest, key=lambda job: job.deadline)
            rest.remove(job)
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                group.start_soon(run, job, end)
                return

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            start_next()
    return outcomes
