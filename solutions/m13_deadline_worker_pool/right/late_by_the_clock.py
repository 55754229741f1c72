"""Built with the clock: what ends after its end is late, whatever it gave; a checkpoint between jobs; strict comparisons."""

import anyio.lowlevel
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar
from collections import defaultdict

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
    queue = sorted(((job.deadline, i, job) for i, job in enumerate(jobs)), key=lambda entry: entry[:2], reverse=True)
    report = defaultdict(lambda: Outcome(Status.SKIPPED))
    for job in jobs:
        report[job.name]

    async def worker():
        while queue:
            _, _, job = queue.pop()
            end = min(job.deadline, pool_end)
            if anyio.current_time() > end or anyio.current_time() + job.estimate > end:
                continue
            value = error = None
            status = Status.TIMED_OUT
            with anyio.CancelScope(deadline=end):
                try:
                    value = await job.run(end)
                    status = Status.DONE
                except Exception as caught:
                    error = caught
                    status = Status.FAILED
            if anyio.current_time() >= end:
                report[job.name] = Outcome(Status.TIMED_OUT, error=TimeoutError("late"))
            else:
                report[job.name] = Outcome(status, value, error)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(worker)
    return report
