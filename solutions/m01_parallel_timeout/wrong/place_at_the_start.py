"""Takes the next place when the task starts: tasks need not start in the order in which they were made.

Breaks: R1
Also: R3
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = []

    async def run(job: Callable[[], Awaitable[T]]) -> None:
        index = len(results)
        results.append(TIMED_OUT)
        with anyio.move_on_after(timeout):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    return results
