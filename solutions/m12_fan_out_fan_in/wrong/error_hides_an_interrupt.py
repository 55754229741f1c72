"""Raises one error of the group, and so loses what is not an `Exception` beside it.

Base: none
Breaks: G5
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
                result = await worker(item)
                try:
                    await results.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with send, receive:
        try:
            async with anyio.create_task_group() as tg:
                for _ in range(workers):
                    tg.start_soon(work, send.clone())
                send.close()
                yield receive
                tg.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            errors = [e for e in group.exceptions if isinstance(e, Exception)]
            raise (errors or group.exceptions)[0] from None


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
