"""Built with sets of names: started and not ended is late, not started is skipped."""

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
    started: set[str] = set()
    ended: dict[str, Outcome[T]] = {}
    lock = anyio.Lock()
    waiting = sorted(jobs, key=lambda job: job.deadline)

    async def worker():
        while True:
            async with lock:
                if not waiting:
                    return
                job, waiting[:1] = waiting[0], []
            end = min(job.deadline, pool_end)
            if end - anyio.current_time() < max(job.estimate, 1e-9):
                continue
            started.add(job.name)
            with anyio.move_on_after(end - anyio.current_time()):
                try:
                    value = await job.run(end)
                except Exception as error:
                    ended[job.name] = Outcome(Status.FAILED, error=error)
                else:
                    ended[job.name] = Outcome(Status.DONE, value=value)

    def outcome(name: str) -> Outcome[T]:
        return ended.get(name) or Outcome(Status.TIMED_OUT if name in started else Status.SKIPPED)

    with anyio.move_on_at(pool_end):
        async with anyio.create_task_group() as group:
            for _ in range(min(workers, len(jobs))):
                group.start_soon(worker)
    return {job.name: outcome(job.name) for job in jobs}
