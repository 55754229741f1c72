"""Shields the whole call: a cancellation from outside waits until every job is done or late.

Breaks: G3
Also: R5
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        results[index] = await job()

    with anyio.CancelScope(deadline=anyio.current_time() + timeout, shield=True):
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
    return results
