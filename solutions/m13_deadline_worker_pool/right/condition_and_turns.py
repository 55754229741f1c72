"""Built of one task for each job: it waits on a condition until it is the most urgent one and a worker is free."""

import math
from collections.abc import Awaitable, Callable
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
    if workers < 1 or margin < 0:
        raise ValueError("workers must be at least 1, margin at least 0")
    around = anyio.current_effective_deadline()
    pool_end = deadline if deadline < around - margin else around - margin
    queue = sorted(jobs, key=lambda job: job.deadline)
    turn = anyio.Condition()
    running = 0
    ends = {}

    async def run(job):
        nonlocal running
        async with turn:
            while running >= workers or queue[0] is not job:
                await turn.wait()
            del queue[0]
            end = min(job.deadline, pool_end)
            now = anyio.current_time()
            if now >= end or end - now < job.estimate:
                ends[job.name] = Outcome(Status.SKIPPED)
                turn.notify_all()
                return
            running += 1
            turn.notify_all()
        ends[job.name] = await run_within(job, end)
        # No `async with` here: a worker that is free must not wait, and no other task holds the lock over an `await`.
        running -= 1
        async with turn:
            turn.notify_all()

    async with anyio.create_task_group() as group:
        for job in list(queue):
            group.start_soon(run, job)
    return {job.name: ends[job.name] for job in jobs}


async def run_within(job, end):
    answer = None
    with anyio.move_on_at(end) as scope:
        try:
            answer = Outcome(Status.DONE, value=await job.run(end))
        except Exception as error:
            answer = Outcome(Status.FAILED, error=error)
    return Outcome(Status.TIMED_OUT) if answer is None or scope.cancelled_caught else answer
