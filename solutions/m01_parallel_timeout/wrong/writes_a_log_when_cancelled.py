"""Writes to a file when a job is cancelled: a blocking call, in the one place where nobody looks.

Breaks: G4
"""

import os

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.move_on_after(timeout):
                results[index] = await job()
        except anyio.get_cancelled_exc_class():
            with open(os.devnull, "a") as log:
                log.write(f"job {index} was cancelled")
            raise

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    return results
