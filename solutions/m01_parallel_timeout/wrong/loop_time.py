"""Reckons the deadline with the asyncio loop's clock: there is no asyncio loop under trio. Right on asyncio.

Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 G2 G3 G4 G5 G6 G9
"""

import asyncio

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    deadline = asyncio.get_running_loop().time() + timeout

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=deadline):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
