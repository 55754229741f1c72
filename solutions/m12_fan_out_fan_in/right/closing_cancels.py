"""Built so that closing the stream cancels the workers at once, and waits until they have ended."""

from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Results(ObjectReceiveStream):
    def __init__(self, inner):
        self.inner = inner
        self.scope = anyio.CancelScope()
        self.over = anyio.Event()

    async def receive(self):
        return await self.inner.receive()

    async def aclose(self):
        self.scope.cancel()
        self.inner.close()
        await self.over.wait()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if not workers >= 1:
        raise ValueError("workers")
    send, receive = anyio.create_memory_object_stream(buffer)  # refuses a negative buffer
    results = Results(receive)

    async def work(items):
        for item in items:
            result = await worker(item)
            try:
                await send.send((item, result))
            except anyio.BrokenResourceError:
                break

    async def all_workers():
        try:
            with results.scope:
                items = iter(source)
                async with anyio.create_task_group() as crew:
                    for _ in range(workers):
                        crew.start_soon(work, items)
        finally:
            send.close()
            results.over.set()

    async with anyio.create_task_group() as group:
        group.start_soon(all_workers)
        with receive:
            yield results
        results.scope.cancel()


async def fan_in(source, worker, *, workers):
    if not workers >= 1:
        raise ValueError("workers")
    queue = list(enumerate(source))
    results = [None for _ in queue]
    waiting = iter(queue)

    async def work():
        for number, item in waiting:
            results[number] = await worker(item)

    async with anyio.create_task_group() as group:
        for _ in range(min(workers, len(queue))):
            group.start_soon(work)
    return results
