"""Built with an async context manager that holds the workers, and an event when all is settled."""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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


@dataclass
class Desk(Generic[T]):
    waiting: deque[Job[T]]
    end: float
    outcomes: dict[str, Outcome[T]]
    settled: anyio.Event

    def settle(self, job: Job[T], outcome: Outcome[T]) -> None:
        self.outcomes[job.name] = outcome
        if None not in self.outcomes.values():
            self.settled.set()


async def serve(desk: Desk[T]) -> None:
    while desk.waiting:
        job = desk.waiting.popleft()
        end = min(job.deadline, desk.end)
        left = end - anyio.current_time()
        outcome: Outcome[T] = Outcome(Status.SKIPPED)
        if left > 0 and left >= job.estimate:
            outcome = Outcome(Status.TIMED_OUT)
            with anyio.move_on_at(end):
                try:
                    outcome = Outcome(Status.DONE, value=await job.run(end))
                except Exception as error:
                    outcome = Outcome(Status.FAILED, error=error)
        desk.settle(job, outcome)


@asynccontextmanager
async def staffed(desk: Desk[T], workers: int) -> AsyncIterator[None]:
    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(serve, desk)
        yield


async def run_pool(
    jobs: Sequence[Job[T]], *, workers: int, deadline: float, margin: float = 0.0
) -> dict[str, Outcome[T]]:
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")

    if not jobs:
        return {}
    end = min(deadline, anyio.current_effective_deadline() - margin)
    waiting = deque(sorted(jobs, key=lambda job: job.deadline))
    desk: Desk[T] = Desk(waiting, end, dict.fromkeys([job.name for job in jobs]), anyio.Event())
    async with staffed(desk, workers):
        await desk.settled.wait()
    return desk.outcomes
