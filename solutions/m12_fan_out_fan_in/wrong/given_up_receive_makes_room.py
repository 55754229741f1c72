"""Lets a worker take one more item for each `receive` that ended, also if it was given up.

Base: none
Breaks: R3
"""

import math
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Credited(ObjectReceiveStream):
    def __init__(self, inner, credits):
        self.inner, self.credits = inner, credits

    async def receive(self):
        try:
            return await self.inner.receive()
        finally:
            self.credits.release()

    async def aclose(self):
        await self.inner.aclose()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers >= 1, buffer >= 0")
    items = iter(source)
    credits = anyio.Semaphore(workers + buffer)
    send, receive = anyio.create_memory_object_stream(math.inf)

    async def work(results):
        async with results:
            while True:
                await credits.acquire()
                try:
                    item = next(items)
                except StopIteration:
                    credits.release()
                    return
                result = await worker(item)
                try:
                    await results.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with send, receive:
        async with anyio.create_task_group() as tg:
            for _ in range(workers):
                tg.start_soon(work, send.clone())
            send.close()
            yield Credited(receive, credits)
            tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers >= 1")
    results = {}
    pairs = enumerate(source)

    async def work_in():
        for index, item in pairs:
            results[index] = await worker(item)

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work_in)
    return [results[index] for index in range(len(results))]
