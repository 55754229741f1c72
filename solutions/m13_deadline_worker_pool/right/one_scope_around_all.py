"""Built with one scope around the pool and inner scopes only for jobs that end before it."""

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
    outcomes = dict.fromkeys([job.name for job in jobs], Outcome(Status.SKIPPED))
    urgent = iter(sorted(jobs, key=lambda job: job.deadline))

    async def within(job: Job[T]) -> None:
        try:
            outcomes[job.name] = Outcome(Status.DONE, await job.run(min(job.deadline, pool_end)))
        except Exception as error:
            outcomes[job.name] = Outcome(Status.FAILED, None, error)

    async def worker() -> None:
        for job in urgent:
            now = anyio.current_time()
            if now >= min(job.deadline, pool_end) or now + job.estimate > min(job.deadline, pool_end):
                continue
            outcomes[job.name] = Outcome(Status.TIMED_OUT, error=TimeoutError(job.name))
            if job.deadline < pool_end:
                with anyio.CancelScope(deadline=job.deadline):
                    await within(job)
            else:
                await within(job)

    with anyio.CancelScope(deadline=pool_end):
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(worker)
    return outcomes
