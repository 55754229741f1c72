"""Bounds each job, but awaits them in a loop: a job starts when the one before has ended.

Breaks: R2
Also: R3, R4
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = []
    for job in jobs:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results.append(entry)
    return results
