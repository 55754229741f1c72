"""Uses `anyio.as_completed`, which refuses to be called with nothing.

Breaks: R1
"""

import anyio


async def _bounded(index: int, job: Callable[[], Awaitable[T]], timeout: float) -> tuple[int, T | TimedOut]:
    with anyio.move_on_after(timeout):
        return index, await job()
    return index, TIMED_OUT


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    async with anyio.as_completed(*(_bounded(index, job, timeout) for index, job in enumerate(jobs))) as handles:
        async for handle in handles:
            index, results[index] = handle.return_value
    return results
