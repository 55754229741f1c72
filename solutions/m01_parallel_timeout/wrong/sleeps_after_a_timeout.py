"""Gives late jobs a moment for their cleanup with `time.sleep`: the event loop stands still meanwhile.

Breaks: G4
Also: R2 R3
"""

import time

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    if TIMED_OUT in results:
        time.sleep(0.05)
    return results
