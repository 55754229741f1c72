"""Puts one timeout around the group and gives up everything when it strikes: finished results are lost.

Breaks: R3
Also: R1
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await job()

    with anyio.move_on_after(timeout) as scope:
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
    if scope.cancelled_caught:
        return [TIMED_OUT] * len(jobs)
    return [results[index] for index in range(len(jobs))]
