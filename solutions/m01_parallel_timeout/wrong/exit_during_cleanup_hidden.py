"""Drops everything that a late job raises while it cleans up, `BaseException` too, but not its Exceptions.

Breaks: G5
"""

import anyio
import anyio.lowlevel


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout) as scope:
            try:
                results[index] = await job()
            except BaseException as error:
                if isinstance(error, Exception) or not scope.cancel_called:
                    raise
                await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
