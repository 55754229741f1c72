"""Calls the worker with the parts of an item that is a tuple.

Base: none
Breaks: R1
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers >= 1, buffer >= 0")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(results):
        async with results:
            for item in items:
                result = await (worker(*item) if isinstance(item, tuple) else worker(item))
                try:
                    await results.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with send, receive:
        async with anyio.create_task_group() as tg:
            for _ in range(workers):
                tg.start_soon(work, send.clone())
            send.close()
            yield receive
            tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers >= 1")
    results = {}
    pairs = enumerate(source)

    async def work_in():
        for index, item in pairs:
            results[index] = await worker(item)

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work_in)
    return [results[index] for index in range(len(results))]
