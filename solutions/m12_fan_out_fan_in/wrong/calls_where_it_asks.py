"""Calls the worker where it asks the source: what the call itself raises is taken for the end.

Base: none
Breaks: G9
"""

import contextlib
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
            while True:
                call = None
                for item in items:
                    with contextlib.suppress(Exception):
                        call = worker(item)
                    break
                if call is None:
                    return
                result = await call
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
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
