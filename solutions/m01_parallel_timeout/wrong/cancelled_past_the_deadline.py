"""Takes a cancellation for the timeout if the deadline has passed meanwhile: a job that was cancelled from outside
and cleaned up for long is marked TIMED_OUT in a list.

Breaks: R5
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    deadline = anyio.current_time() + timeout

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.CancelScope(deadline=deadline):
            results[index] = await job()

    try:
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
    except anyio.get_cancelled_exc_class():
        if anyio.current_time() < deadline:
            raise
    return results
