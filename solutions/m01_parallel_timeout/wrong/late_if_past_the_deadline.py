"""Keeps a cancellation when its scope's deadline has passed: one from outside is kept too, if the cleanup took that long.

Breaks: R5 on trio
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: dict[int, T | TimedOut] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=anyio.current_time() + timeout) as scope:
            try:
                results[index] = await job()
            except anyio.get_cancelled_exc_class():
                if not scope.cancel_called:
                    raise
                results[index] = TIMED_OUT

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return [results[index] for index in range(len(jobs))]
