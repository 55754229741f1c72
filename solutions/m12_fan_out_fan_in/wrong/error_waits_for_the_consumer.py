"""Keeps an error until the consumer asks for the next result, or leaves.

Base: none
Breaks: R5
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)
    errors = []

    async def work(outbox):
        async with outbox:
            try:
                for item in items:
                    result = await worker(item)
                    try:
                        await outbox.send((item, result))
                    except anyio.BrokenResourceError:
                        return
            except Exception as error:
                errors.append(error)
                crew.cancel()

    async def all_workers():
        with crew:
            async with anyio.create_task_group() as inner:
                async with send:
                    for _ in range(workers):
                        inner.start_soon(work, send.clone())

    crew = anyio.CancelScope()
    async with anyio.create_task_group() as group, receive:
        group.start_soon(all_workers)
        yield receive
        group.cancel_scope.cancel()
    if errors:
        raise errors[0]


async def fan_in(source, worker, *, workers):
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
