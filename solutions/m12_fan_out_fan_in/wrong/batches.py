"""Works in batches: the next one begins when the last of a batch is done.

Base: none
Breaks: R2
"""

import itertools
from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def one(item):
        result = await worker(item)
        try:
            await send.send((item, result))
        except anyio.BrokenResourceError:
            pass

    async def all_batches():
        async with send:
            while batch := list(itertools.islice(items, workers)):
                async with anyio.create_task_group() as crew:
                    for item in batch:
                        crew.start_soon(one, item)
                if not receive.statistics().open_receive_streams:
                    return

    async with anyio.create_task_group() as group, receive:
        group.start_soon(all_batches)
        yield receive
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
