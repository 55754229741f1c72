"""Built with a task for each job, started only when the caller has a slot for it; a dictionary of its own kind."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar
from collections import OrderedDict

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

    end_of_pool = deadline
    if anyio.current_effective_deadline() - margin < deadline:
        end_of_pool = anyio.current_effective_deadline() - margin
    slots = anyio.Semaphore(workers)
    report: OrderedDict[str, Outcome[T]] = OrderedDict((job.name, Outcome(Status.SKIPPED)) for job in jobs)

    async def attempt(job: Job[T], end: float) -> None:
        try:
            with anyio.CancelScope(deadline=end) as scope:
                try:
                    value = await job.run(end)
                except Exception as error:
                    report[job.name] = Outcome(Status.FAILED, error=error)
                else:
                    report[job.name] = Outcome(Status.DONE, value=value)
            if scope.cancelled_caught:
                report[job.name] = Outcome(Status.TIMED_OUT)
        finally:
            slots.release()

    async with anyio.create_task_group() as group:
        for job in sorted(jobs, key=lambda job: job.deadline):
            await slots.acquire()
            end = min(job.deadline, end_of_pool)
            if anyio.current_time() > end or end - anyio.current_time() < job.estimate:
                slots.release()
            else:
                group.start_soon(attempt, job, end, name=job.name)
    return report
