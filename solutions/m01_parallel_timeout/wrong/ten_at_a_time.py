"""Adds a limit that nobody asked for: more than ten jobs wait for a slot.

Breaks: R2
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    limiter = anyio.CapacityLimiter(10)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        async with limiter:
            with anyio.move_on_after(timeout):
                results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
