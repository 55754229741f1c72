"""Treats cancellation of the body as a way to leave the block.

Base: none
Breaks: G3
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

    group = anyio.create_task_group()
    async with group, receive:
        async with send:
            for _ in range(workers):
                group.start_soon(work, send.clone())
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

    try:
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(work)
    except anyio.get_cancelled_exc_class():
        pass
    return [results[number] for number in sorted(results)]
