"""Looks every five seconds whether all jobs are done, although an event tells it when one is.

Breaks: G6
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    ended = 0
    changed = anyio.Event()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        nonlocal ended
        with anyio.move_on_after(timeout):
            results[index] = await job()
        ended += 1
        changed.set()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        while ended < len(jobs):
            changed = anyio.Event()
            with anyio.move_on_after(5):
                await changed.wait()
    return results
