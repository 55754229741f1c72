"""Ends a little before a tighter enclosing deadline and marks as TIMED_OUT jobs that had time left.

Breaks: R5
Also: G3
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    deadline = min(anyio.current_time() + timeout, anyio.current_effective_deadline() - 0.01)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=deadline):
            results[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
