"""Calls the jobs first and leaves out those that cannot even be called: an error raised at once is hidden.

Breaks: G9
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, awaitable: Awaitable[T]) -> None:
        with anyio.move_on_after(timeout):
            results[index] = await awaitable

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            try:
                awaitable = job()
            except Exception:
                continue
            group.start_soon(run, index, awaitable)
    return results
