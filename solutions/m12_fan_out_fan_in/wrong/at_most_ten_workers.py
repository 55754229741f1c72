"""More than ten workers are thought to be of no use.

Base: none
Breaks: R2
"""

from contextlib import asynccontextmanager

import anyio


def _check(workers, buffer=0):
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if buffer < 0:
        raise ValueError("buffer must not be negative")


async def _fan_in(fan_out, source, worker, workers):
    async def call(entry):
        return await worker(entry[1])

    results = {}
    async with fan_out(enumerate(source), call, workers=workers) as stream:
        async for (number, _), result in stream:
            results[number] = result
    return [results[number] for number in range(len(results))]


async def fan_in(source, worker, *, workers):
    return await _fan_in(fan_out, source, worker, workers)


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    _check(workers, buffer)
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work():
        for item in items:
            result = await worker(item)
            try:
                await send.send((item, result))
            except anyio.BrokenResourceError:
                return

    async def all_work():
        with send:
            async with anyio.create_task_group() as crew:
                for _ in range(min(workers, 10)):
                    crew.start_soon(work)

    with send, receive:
        async with anyio.create_task_group() as group:
            group.start_soon(all_work)
            yield receive
            group.cancel_scope.cancel()
