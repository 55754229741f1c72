"""Counts free places itself and sends without waiting: after the body has left, that raises.

Base: none
Breaks: R6
"""

import math
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Results(ObjectReceiveStream):
    def __init__(self, inner, room):
        self.inner, self.room = inner, room

    async def receive(self):
        pair = await self.inner.receive()
        self.room.release()
        return pair

    async def aclose(self):
        await self.inner.aclose()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(math.inf)
    room = anyio.Semaphore(workers + buffer)

    async def work(outbox):
        async with outbox:
            while True:
                await room.acquire()
                for item in items:
                    break
                else:
                    return
                result = await worker(item)
                outbox.send_nowait((item, result))

    async with anyio.create_task_group() as group, receive:
        async with send:
            for _ in range(workers):
                group.start_soon(work, send.clone())
        yield Results(receive, room)
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
