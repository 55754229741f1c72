"""Built as a class whose workers take their next job from a generator and write into a table of slots; with events."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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


class Pool:
    def __init__(self, jobs, end):
        self.jobs = list(jobs)
        self.end = end
        self.slots = [Outcome(Status.SKIPPED)] * len(self.jobs)
        self.left = len(self.jobs)
        self.all_done = anyio.Event()
        if not self.jobs:
            self.all_done.set()
        self.next_job = self.in_turn()

    def in_turn(self):
        """The numbers of the jobs in the order in which they start, and when each ends, as far as they can start."""
        for number in sorted(range(len(self.jobs)), key=lambda number: self.jobs[number].deadline):
            job = self.jobs[number]
            end = min(job.deadline, self.end)
            left = end - anyio.current_time()
            if left <= 0 or left < job.estimate:
                self.settle()
            else:
                yield number, end

    def settle(self):
        self.left -= 1
        if self.left == 0:
            self.all_done.set()

    async def worker(self):
        for number, end in self.next_job:
            job = self.jobs[number]
            self.slots[number] = replace(self.slots[number], status=Status.TIMED_OUT)
            with anyio.CancelScope() as scope:
                scope.deadline = end
                try:
                    value = await job.run(end)
                    self.slots[number] = Outcome(Status.DONE, value)
                except Exception as error:
                    self.slots[number] = Outcome(Status.FAILED, None, error)
            self.settle()

    async def report(self, workers):
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(self.worker)
            await self.all_done.wait()
        return dict(zip((job.name for job in self.jobs), self.slots, strict=True))


async def run_pool(jobs, *, workers, deadline, margin=0.0):
    if not workers >= 1:
        raise ValueError("workers")
    if not margin >= 0:
        raise ValueError("margin")
    return await Pool(jobs, min(deadline, anyio.current_effective_deadline() - margin)).report(workers)
