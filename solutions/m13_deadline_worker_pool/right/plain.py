"""Built from workers that share a deque of jobs by deadline, and `move_on_at` around each job."""

import math
from collections import deque
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
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))

    async def work() -> None:
        while waiting:
            job = waiting.popleft()
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                outcomes[job.name] = await run_one(job, end)

    async with anyio.create_task_group() as group:
        for _ in range(min(workers, len(jobs))):
            group.start_soon(work)
    return outcomes


async def run_one(job: Job[T], end: float) -> Outcome[T]:
    with anyio.move_on_at(end):
        try:
            return Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT)
