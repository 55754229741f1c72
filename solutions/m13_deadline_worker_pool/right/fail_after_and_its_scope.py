"""Built with `fail_after`; its scope tells its own timeout from the job's."""

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


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")

    end_of_all = min(deadline, anyio.current_effective_deadline() - margin)
    heap = [(job.deadline, place, job) for place, job in enumerate(jobs)]
    heapq.heapify(heap)
    found: list[Outcome[T] | None] = [None for _ in jobs]

    async def one(place: int, job: Job[T]) -> None:
        end = job.deadline if job.deadline < end_of_all else end_of_all
        remaining = end - anyio.current_time()
        if remaining <= 0 or remaining < job.estimate:
            found[place] = Outcome(Status.SKIPPED)
            return
        scope = None
        try:
            with anyio.fail_after(remaining) as scope:
                value = await job.run(end)
            found[place] = Outcome(Status.DONE, value=value)
        except TimeoutError as error:
            if scope is not None and scope.cancelled_caught:
                found[place] = Outcome(Status.TIMED_OUT, error=error)
            else:
                found[place] = Outcome(Status.FAILED, error=error)
        except Exception as error:
            found[place] = Outcome(Status.FAILED, error=error)

    async def worker() -> None:
        while heap:
            _, place, job = heapq.heappop(heap)
            await one(place, job)

    if jobs:
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(worker)
    return dict(zip([job.name for job in jobs], found, strict=True))
