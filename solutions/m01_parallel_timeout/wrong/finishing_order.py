"""Appends each result as it arrives: the list is in the order of finishing, not in the order of `jobs`.

Breaks: R1
Also: G9, R3
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = []

    async def run(job: Callable[[], Awaitable[T]]) -> None:
        entry: T | TimedOut = TIMED_OUT
        with anyio.move_on_after(timeout):
            entry = await job()
        results.append(entry)

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    return results
