"""Closes the sending ends of its stream, but not the receiving end.

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

    with send:
        async with anyio.create_task_group() as group:
            for index, job in enumerate(jobs):
                group.start_soon(run, index, job)
    while receive.statistics().current_buffer_used:
        index, value = receive.receive_nowait()
        results[index] = value
    return results
