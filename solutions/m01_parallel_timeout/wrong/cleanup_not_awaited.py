"""Cancels late tasks and returns at once, while their `finally` blocks still run.

Breaks: R3 on asyncio
Also: R1 R2 R4 R5 G1 G2 G3 G4 G5 G6 G9
"""

import asyncio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    async def call(job: Callable[[], Awaitable[T]]) -> T:
        return await job()

    if not jobs:
        return []
    tasks = [asyncio.create_task(call(job)) for job in jobs]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION)
        finished = [task for task in tasks if task.done()]
        for task in finished:
            task.result()
        return [task.result() if task in finished else TIMED_OUT for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
