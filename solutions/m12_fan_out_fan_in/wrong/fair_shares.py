"""`fan_in` gives each worker its share of the items before any work begins.

Base: none
Breaks: R2
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(outbox):
        async with outbox:
            for item in items:
                result = await worker(item)
                try:
                    await outbox.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with anyio.create_task_group() as group, receive:
        async with send:
            for _ in range(workers):
                group.start_soon(work, send.clone())
        yield receive
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers must be at least 1")
    items = list(source)
    results = [None] * len(items)

    async def work(share):
        for number in share:
            results[number] = await worker(items[number])

    async with anyio.create_task_group() as group:
        for first in range(workers):
            group.start_soon(work, range(first, len(items), workers))
    return results
