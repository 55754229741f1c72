"""Built with a memory stream without a buffer: whoever is free receives the most urgent job."""

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
    send, receive = anyio.create_memory_object_stream[Job[T]](0)

    async def worker() -> None:
        async for job in receive:
            end = min(job.deadline, pool_end)
            left = end - anyio.current_time()
            if left <= 0 or left < job.estimate:
                continue
            with anyio.move_on_at(end) as scope:
                try:
                    outcomes[job.name] = Outcome(Status.DONE, value=await job.run(end))
                except Exception as error:
                    outcomes[job.name] = Outcome(Status.FAILED, error=error)
            if scope.cancelled_caught:
                outcomes[job.name] = Outcome(Status.TIMED_OUT)

    with receive:
        async with anyio.create_task_group() as group, send:
            for _ in range(workers):
                group.start_soon(worker)
            for job in sorted(jobs, key=lambda job: job.deadline):
                await send.send(job)
    return outcomes
