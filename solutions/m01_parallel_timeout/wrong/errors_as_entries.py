"""Puts errors into the list, like `return_exceptions=True`: nobody learns that a job failed.

Breaks: R4
Also: G9
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut | Exception] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.move_on_after(timeout):
                results[index] = await job()
        except Exception as error:
            results[index] = error

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
