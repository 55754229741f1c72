"""Cancels the late jobs one after the other, and waits for the cleanup of each before it cancels the next.

Breaks: R2
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    scopes = [anyio.CancelScope() for _ in jobs]
    ends = [anyio.Event() for _ in jobs]

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with scopes[index]:
                results[index] = await job()
        finally:
            ends[index].set()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        with anyio.move_on_after(timeout):
            for end in ends:
                await end.wait()
        for scope, end in zip(scopes, ends, strict=True):
            scope.cancel()
            await end.wait()
    return results
