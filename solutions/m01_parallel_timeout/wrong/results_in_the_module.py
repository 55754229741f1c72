"""Keeps the results in a dict of the module: a call that overlaps, or follows, finds those of another.

Breaks: R1
"""

import anyio

results: dict[int, object] = {}


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = TIMED_OUT
        with anyio.move_on_after(timeout):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [results[index] for index in sorted(results)]
