"""Built with a capacity limiter that is taken on behalf of each job before its task begins."""

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

    limiter = anyio.CapacityLimiter(workers)
    around = anyio.current_effective_deadline()
    found: dict[str, Outcome[T]] = {}

    async def run(job: Job[T], end: float) -> None:
        try:
            with anyio.fail_after(end - anyio.current_time()) as scope:
                try:
                    found[job.name] = Outcome(Status.DONE, value=await job.run(end))
                except Exception as error:
                    found[job.name] = Outcome(Status.FAILED, error=error)
        except TimeoutError:
            assert scope.cancel_called
            found[job.name] = Outcome(Status.TIMED_OUT)
        finally:
            limiter.release_on_behalf_of(job)

    async with anyio.create_task_group() as group:
        for job in sorted(jobs, key=lambda job: job.deadline):
            await limiter.acquire_on_behalf_of(job)
            end = min(job.deadline, deadline, around - margin)
            now = anyio.current_time()
            if now >= end or now + job.estimate > end:
                limiter.release_on_behalf_of(job)
                continue
            group.start_soon(run, job, end)
    return {job.name: found.get(job.name, Outcome(Status.SKIPPED)) for job in jobs}
