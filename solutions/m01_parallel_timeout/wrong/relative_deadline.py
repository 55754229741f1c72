"""Gives `timeout` as the deadline: a span where the scope wants a point in time.

Breaks: R2
Also: R1 R3 R4 R5 G1 G3 G5 G9
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=timeout):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
