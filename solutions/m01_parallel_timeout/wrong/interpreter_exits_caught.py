"""Catches SystemExit and KeyboardInterrupt with the errors that it keeps for the end, and never raises them.

Breaks: G5 on trio
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.move_on_after(timeout):
                results[index] = await job()
        except (SystemExit, KeyboardInterrupt):
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
