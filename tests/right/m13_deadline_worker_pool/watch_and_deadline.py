"""Built with a deadline in each scope and a watch that ends the pool besides."""

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
    busy = workers

    async def watch() -> None:
        await anyio.sleep_until(pool_end)
        waiting.clear()

    async def work() -> None:
        nonlocal busy
        while waiting:
            job = waiting.popleft()
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left > 0 and left >= job.estimate:
                outcomes[job.name] = Outcome(Status.TIMED_OUT)
                with anyio.CancelScope(deadline=end):
                    try:
                        outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
                    except Exception as error:
                        outcomes[job.name] = Outcome(Status.FAILED, error=error)
        busy -= 1
        if not busy:
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        if pool_end < math.inf:
            group.start_soon(watch)
        for _ in range(workers):
            group.start_soon(work)
    return outcomes
