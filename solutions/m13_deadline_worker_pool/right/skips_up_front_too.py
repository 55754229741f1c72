"""What cannot fit is skipped as soon as that is certain, before the first job and again at each start."""

from collections import deque

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


async def run_pool(jobs, *, workers, deadline, margin=0.0):
    if workers < 1:
        raise ValueError("workers")
    if margin < 0:
        raise ValueError("margin")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    slots = dict.fromkeys((job.name for job in jobs), None)
    queue = deque(sorted(jobs, key=lambda job: job.deadline))

    def hopeless(job):
        end = min(job.deadline, pool_end)
        now = anyio.current_time()
        return end <= now or end - now < job.estimate

    def drop():
        for job in [job for job in queue if hopeless(job)]:
            queue.remove(job)
            slots[job.name] = Outcome(Status.SKIPPED)

    async def work(number):
        while True:
            drop()
            if not queue:
                return
            job = queue.popleft()
            end = min(job.deadline, pool_end)
            outcome = Outcome(Status.TIMED_OUT)
            with anyio.CancelScope() as scope:
                scope.deadline = end
                try:
                    outcome = Outcome(Status.DONE, await job.run(end))
                except Exception as error:
                    outcome = Outcome(Status.FAILED, None, error)
            slots[job.name] = outcome

    async with anyio.create_task_group() as group:
        for number in range(workers):
            group.start_soon(work, number)
    return slots
