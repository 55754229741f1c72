"""Puts the scope around `start_soon`: it bounds the starting, not the job.

Breaks: R3
Also: R2 R4 G5 G6
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            with anyio.move_on_after(timeout):
                group.start_soon(run, index, job)
    return results
