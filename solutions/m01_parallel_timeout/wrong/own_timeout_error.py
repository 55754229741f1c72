"""Takes every TimeoutError for the timeout of `fail_after`, the job's own too.

Breaks: R4
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.fail_after(timeout):
                results[index] = await job()
        except TimeoutError:
            results[index] = TIMED_OUT

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
