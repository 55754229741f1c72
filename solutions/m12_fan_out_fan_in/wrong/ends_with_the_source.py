"""Closes the results when the source is exhausted, while the last workers still work.

Base: none
Breaks: R1
Also: R5 G9 R4
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work():
        for item in items:
            result = await worker(item)
            try:
                await send.send((item, result))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return
        send.close()

    async with anyio.create_task_group() as group, receive, send:
        for _ in range(workers):
            group.start_soon(work)
        yield receive
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers must be at least 1")
    entries = enumerate(source)
    results = {}

    async def work():
        for number, item in entries:
            results[number] = await worker(item)

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return [results[number] for number in sorted(results)]
