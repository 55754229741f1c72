"""Asks `cancel_called` where `cancelled_caught` is meant: an error during the cleanup of a late job is hidden.

Breaks: R4
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=anyio.current_time() + timeout) as scope:
            try:
                results[index] = await job()
            except Exception:
                if not scope.cancel_called:
                    raise

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
