"""Built with a dispatcher that sleeps until a worker is free or the pool ends, and settles what waits by then."""

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
    order = sorted(range(len(jobs)), key=lambda number: (jobs[number].deadline, number))
    free = workers
    freed = anyio.Event()

    async def run(job: Job[T], end: float) -> None:
        nonlocal free, freed
        result: Outcome[T] = Outcome(Status.TIMED_OUT)
        try:
            with anyio.move_on_at(end):
                try:
                    result = Outcome(Status.DONE, value=await job.run(end))
                except Exception as error:
                    result = Outcome(Status.FAILED, error=error)
        finally:
            free += 1
            freed.set()
        outcomes[job.name] = result

    async with anyio.create_task_group() as group:
        with anyio.move_on_at(pool_end):
            for number in order:
                job = jobs[number]
                while not free:
                    freed = anyio.Event()
                    await freed.wait()
                end = min(job.deadline, pool_end)
                left = end - anyio.current_time()
                if left > 0 and left >= job.estimate:
                    free -= 1
                    group.start_soon(run, job, end)
    return outcomes
