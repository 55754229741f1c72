"""Built with a memory stream that is filled and closed before the workers begin."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar
from anyio.streams.memory import MemoryObjectReceiveStream

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

    ends = min(deadline, anyio.current_effective_deadline() - margin)
    outcomes: dict[str, Outcome[T]] = {}
    send, receive = anyio.create_memory_object_stream[Job[T]](math.inf)
    with send:
        for job in sorted(jobs, key=lambda job: job.deadline):
            send.send_nowait(job)

    async def worker(stream: MemoryObjectReceiveStream[Job[T]]) -> None:
        async with stream:
            async for job in stream:
                outcomes[job.name] = await settle(job, min(job.deadline, ends))

    with receive:
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(worker, receive.clone())
    return {job.name: outcomes[job.name] for job in jobs}


async def settle(job: Job[T], end: float) -> Outcome[T]:
    left = end - anyio.current_time()
    if left <= 0 or left < job.estimate:
        return Outcome(Status.SKIPPED)
    with anyio.CancelScope() as scope:
        scope.deadline = end
        try:
            value = await job.run(end)
        except Exception as error:
            return Outcome(Status.FAILED, error=error)
        return Outcome(Status.DONE, value=value)
    return Outcome(Status.TIMED_OUT)
