"""Looks at the jobs one by one, in order: the error of a job waits until all those before it have ended.

Breaks: R4
Also: G9
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    entries: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    errors: dict[int, Exception] = {}
    ends = [anyio.Event() for _ in jobs]

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        try:
            with anyio.move_on_after(timeout):
                entries[index] = await job()
        except Exception as error:
            errors[index] = error
        ends[index].set()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
        for index, end in enumerate(ends):
            await end.wait()
            if index in errors:
                raise errors[index]
    return entries
