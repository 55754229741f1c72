"""Built with scopes that are kept in a list; those still open at the pool's end are what is late."""

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
    waiting = sorted(jobs, key=lambda job: job.deadline)
    statuses: dict[str, Status] = {}
    values: dict[str, T] = {}
    errors: dict[str, Exception] = {}

    async def worker() -> None:
        while waiting and anyio.current_time() < pool_end:
            job = waiting.pop(0)
            end = min(job.deadline, pool_end)
            if not job.estimate <= end - anyio.current_time() > 0:
                continue
            statuses[job.name] = Status.TIMED_OUT
            with anyio.CancelScope(deadline=end):
                try:
                    values[job.name] = await job.run(end)
                except Exception as error:
                    errors[job.name] = error
                    statuses[job.name] = Status.FAILED
                else:
                    statuses[job.name] = Status.DONE

    async with anyio.create_task_group() as group:
        for number in range(workers):
            group.start_soon(worker, name=f"worker {number}")
    return {
        job.name: Outcome(statuses.get(job.name, Status.SKIPPED), values.get(job.name), errors.get(job.name))
        for job in jobs
    }
