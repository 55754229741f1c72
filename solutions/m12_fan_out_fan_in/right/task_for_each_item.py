"""Built with a task for each item, started when a semaphore has a slot; the slot is kept until the result is sent."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("no workers, or a negative buffer")
    send, receive = anyio.create_memory_object_stream(buffer)
    slots = anyio.Semaphore(workers)

    async def one(item, outbox):
        async with outbox:
            result = await worker(item)
            try:
                await outbox.send((item, result))
            except anyio.BrokenResourceError:
                group.cancel_scope.cancel() if leaving else closed.set()
            slots.release()

    async def start():
        async with send:
            await slots.acquire()
            for item in source:
                if closed.is_set():
                    return
                group.start_soon(one, item, send.clone())
                await slots.acquire()

    leaving = False
    closed = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(start)
        try:
            yield receive
        finally:
            leaving = True
            await receive.aclose()
            group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    """Takes the whole source at once, and starts with the last item."""
    if workers < 1:
        raise ValueError("no workers")
    todo = list(enumerate(source))
    results = [None] * len(todo)

    async def work():
        while todo:
            number, item = todo.pop()
            results[number] = await worker(item)

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return results
