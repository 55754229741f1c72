"""Puts the values first, in order, and a TIMED_OUT for each late job behind them: the places no longer match the jobs.

Breaks: R1
Also: R3
"""

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    values: dict[int, T] = {}

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout):
            values[index] = await job()

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    in_time = [values[index] for index in sorted(values)]
    return [*in_time, *[TIMED_OUT] * (len(jobs) - len(in_time))]
