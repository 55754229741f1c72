"""Waits properly for the results, but looks every second whether the late jobs have cleaned up.

Breaks: G6
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    running = set(range(len(jobs)))
    finished = anyio.Event()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.move_on_after(timeout):
                results[index] = await job()
        finally:
            running.discard(index)
            if not running:
                finished.set()

    if not jobs:
        return results
    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        with anyio.move_on_after(timeout):
            await finished.wait()
        while running:
            with anyio.move_on_after(1):
                await finished.wait()
    return results
