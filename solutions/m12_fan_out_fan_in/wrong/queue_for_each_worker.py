"""The queue of items holds two for each worker, on top of what the results may take.

Base: none
Breaks: R3
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    todo_send, todo = anyio.create_memory_object_stream(2 * workers)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def feed():
        async with todo_send:
            for item in source:
                try:
                    await todo_send.send(item)
                except anyio.BrokenResourceError:
                    return

    async def work(inbox, outbox):
        async with inbox, outbox:
            async for item in inbox:
                result = await worker(item)
                try:
                    await outbox.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with anyio.create_task_group() as group, receive:
        group.start_soon(feed)
        async with todo, send:
            for _ in range(workers):
                group.start_soon(work, todo.clone(), send.clone())
        yield receive
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
