"""Takes a `TimeoutError` of the source as its end.

Base: none
Breaks: R5
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1:
        raise ValueError("workers")
    if buffer < 0:
        raise ValueError("buffer")
    item_send, item_receive = anyio.create_memory_object_stream(buffer)
    result_send, result_receive = anyio.create_memory_object_stream(buffer)
    left = workers

    async def feed():
        with item_send:
            try:
                for item in source:
                    await item_send.send(item)
            except TimeoutError:
                pass

    async def work():
        nonlocal left
        async for item in item_receive:
            result = await worker(item)
            try:
                await result_send.send((item, result))
            except anyio.BrokenResourceError:
                break
        left -= 1
        if left == 0:
            result_send.close()

    with item_send, item_receive, result_send, result_receive:
        async with anyio.create_task_group() as group:
            group.start_soon(feed)
            for _ in range(workers):
                group.start_soon(work)
            try:
                yield result_receive
            finally:
                group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers")

    async def numbered(pair):
        return await worker(pair[1])

    got = {}
    async with fan_out(enumerate(source), numbered, workers=workers) as results:
        async for (index, _), value in results:
            got[index] = value
    return [got[index] for index in sorted(got)]
