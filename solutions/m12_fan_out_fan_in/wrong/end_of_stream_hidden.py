"""Takes the `EndOfStream` of a worker or of the source for the end of its own stream.

Base: none
Breaks: R5
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    todo_send, todo = anyio.create_memory_object_stream(buffer)
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
            try:
                while True:
                    item = await inbox.receive()
                    result = await worker(item)
                    try:
                        await outbox.send((item, result))
                    except anyio.BrokenResourceError:
                        return
            except anyio.EndOfStream:
                return

    async with anyio.create_task_group() as group, receive:
        group.start_soon(feed)
        async with todo, send:
            for _ in range(workers):
                group.start_soon(work, todo.clone(), send.clone())
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
