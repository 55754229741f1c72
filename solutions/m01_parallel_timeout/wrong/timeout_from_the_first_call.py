"""Reckons the deadline once and keeps it: later calls have less time, or none.

Breaks: R2
"""

import functools

import anyio


@functools.cache
def _deadline(timeout: float) -> float:
    return anyio.current_time() + timeout


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    deadline = _deadline(timeout)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=deadline):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
