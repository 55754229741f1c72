"""Workers get jobs through a stream without a buffer and hand outcomes back through another one."""

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
    if workers < 1 or margin < 0:
        raise ValueError("bad arguments")
    pool_end = min(deadline, anyio.current_effective_deadline() - margin)
    give, take = anyio.create_memory_object_stream(0)
    tell, hear = anyio.create_memory_object_stream(len(jobs))

    async def work(take, tell):
        with take, tell:
            async for job in take:
                await tell.send((job.name, await attempt(job)))

    async def attempt(job):
        end = min(job.deadline, pool_end)
        now = anyio.current_time()
        if now >= end or now + job.estimate > end:
            return Outcome(Status.SKIPPED)
        try:
            with anyio.fail_after(end - now) as scope:
                return Outcome(Status.DONE, await job.run(end))
        except TimeoutError as error:
            if scope.cancelled_caught:
                return Outcome(Status.TIMED_OUT)
            return Outcome(Status.FAILED, error=error)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)

    found = {}
    with give, take, tell, hear:
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(work, take.clone(), tell.clone())
            take.close()
            tell.close()
            for job in sorted(jobs, key=lambda job: job.deadline):
                await give.send(job)
            give.close()
            async for name, outcome in hear:
                found[name] = outcome
    return {job.name: found[job.name] for job in jobs}
