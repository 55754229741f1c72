"""Closes its streams after the group: when a job raises or the call is cancelled, nobody closes them.

Breaks: G2
"""

import math

import anyio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)
    send, receive = anyio.create_memory_object_stream[tuple[int, T]](math.inf)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with anyio.move_on_after(timeout):
            send.send_nowait((index, await job()))

    async with anyio.create_task_group() as group:
        for index, job in enumerate(jobs):
            group.start_soon(run, index, job)
    send.close()
    async for index, value in receive:
        results[index] = value
    receive.close()
    return results
