"""Waits for the oldest result first, so that results come in the order of the source.

Base: none
Breaks: R1
Also: R2 R6
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)
    started, waiting = anyio.create_memory_object_stream(workers)

    async def work():
        for item in items:
            done = anyio.Event()
            entry = [item, None, done]
            await started.send(entry)
            entry[1] = await worker(item)
            done.set()

    async def in_order():
        async with send, waiting:
            async for entry in waiting:
                await entry[2].wait()
                try:
                    await send.send((entry[0], entry[1]))
                except anyio.BrokenResourceError:
                    return

    async def all_workers():
        async with started, anyio.create_task_group() as crew:
            for _ in range(workers):
                crew.start_soon(work)

    async with anyio.create_task_group() as group, receive:
        group.start_soon(in_order)
        group.start_soon(all_workers)
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
