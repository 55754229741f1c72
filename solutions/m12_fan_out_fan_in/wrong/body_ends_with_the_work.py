"""Cancels the task group when the last worker is done, and with it the body.

Base: none
Breaks: R4
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

    async def watch():
        async with anyio.create_task_group() as crew, send:
            for _ in range(workers):
                crew.start_soon(work, send.clone())
        while receive.statistics().current_buffer_used:
            await anyio.sleep(0.5)
        await anyio.sleep(0.001)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group, receive:
        group.start_soon(watch)
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
