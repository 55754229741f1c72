"""Starts a watchdog that nobody stops: the call takes `timeout` seconds even if all jobs were done at once.

Breaks: R2
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    scopes = [anyio.CancelScope() for _ in jobs]

    async def watchdog() -> None:
        await anyio.sleep(timeout)
        for scope in scopes:
            scope.cancel()

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with scopes[index]:
            results[index] = await job()

    async with anyio.create_task_group() as group:
        group.start_soon(watchdog)
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
