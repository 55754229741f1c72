"""Built on a heap; a job for which just its estimate is left is skipped; report and outcomes are objects of subclasses."""

import heapq
import math
from collections.abc import Awaitable, Callable
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


class Success(Outcome):
    def __init__(self, value):
        super().__init__(Status.DONE, value=value)


class Failure(Outcome):
    def __init__(self, error):
        super().__init__(Status.FAILED, error=error)


class Late(Outcome):
    def __init__(self):
        super().__init__(Status.TIMED_OUT)


class Skipped(Outcome):
    def __init__(self):
        super().__init__(Status.SKIPPED)


class Report(dict):
    """Name → outcome; a job that nothing was said about was skipped."""


class BadPool(ValueError):
    pass


async def run_pool(jobs, *, workers, deadline, margin=0.0):
    if workers < 1:
        raise BadPool("no workers")
    if margin < 0:
        raise BadPool("a negative margin")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    report = Report((job.name, Skipped()) for job in jobs)
    heap = [(job.deadline, place, job) for place, job in enumerate(jobs)]
    heapq.heapify(heap)

    async def work():
        while heap:
            job = heapq.heappop(heap)[-1]
            end = min(job.deadline, pool_end)
            if end - anyio.current_time() > job.estimate:
                report[job.name] = await outcome_of(job, end)

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return report


async def outcome_of(job, end):
    with anyio.CancelScope(deadline=end) as scope:
        try:
            value = await job.run(end)
        except Exception as error:
            return Late() if scope.cancelled_caught else Failure(error)
        return Success(value)
    return Late()
