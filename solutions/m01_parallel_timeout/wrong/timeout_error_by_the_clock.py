"""Tells the two TimeoutErrors apart by the clock: one that the job raises while it cleans up is hidden.

Breaks: R4
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    deadline = anyio.current_time() + timeout

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.fail_after(timeout):
                results[index] = await job()
        except TimeoutError:
            if anyio.current_time() < deadline:
                raise

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
