"""Keeps the results in a dict keyed by the job: a job that is in the list twice has one place for both results.

Breaks: R1
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: dict[Callable[[], Awaitable[T]], T | TimedOut] = {}

    async def run(job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout) as scope:
            results[job] = await job()
        if scope.cancelled_caught:
            results[job] = TIMED_OUT

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    return [results[job] for job in jobs]
