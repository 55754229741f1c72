"""Built as a class with a heap; a job that answers its end with a value or an error is late all the same."""

import heapq
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


class _Pool(Generic[T]):
    def __init__(self, jobs: Sequence[Job[T]], end: float) -> None:
        self.end = end
        self.heap = [(job.deadline, number, job) for number, job in enumerate(jobs)]
        heapq.heapify(self.heap)
        self.outcomes: list[Outcome[T]] = [Outcome(Status.SKIPPED)] * len(jobs)

    async def work(self) -> None:
        while self.heap:
            _, number, job = heapq.heappop(self.heap)
            end = min(job.deadline, self.end)
            if end > anyio.current_time() and not end - anyio.current_time() < job.estimate:
                self.outcomes[number] = await self.outcome(job, end)

    async def outcome(self, job: Job[T], end: float) -> Outcome[T]:
        outcome: Outcome[T]
        with anyio.move_on_at(end) as scope:
            try:
                outcome = Outcome(Status.DONE, value=await job.run(end))
            except Exception as error:
                outcome = Outcome(Status.FAILED, error=error)
        return Outcome(Status.TIMED_OUT) if scope.cancel_called else outcome


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")

    pool = _Pool(jobs, min(deadline, anyio.current_effective_deadline() - margin))
    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(pool.work)
    return {job.name: outcome for job, outcome in zip(jobs, pool.outcomes, strict=True)}
