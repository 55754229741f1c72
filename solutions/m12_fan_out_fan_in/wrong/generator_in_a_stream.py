"""The stream of results is an async generator, which ends for good when a `receive` is given up.

Base: none
Breaks: R1
"""

from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Results(ObjectReceiveStream):
    def __init__(self, pairs):
        self.pairs = pairs

    async def receive(self):
        try:
            return await anext(self.pairs)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    async def aclose(self):
        await self.pairs.aclose()


async def pairs_of(stream):
    async with stream:
        async for pair in stream:
            yield pair


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(outbox):
        async with outbox:
            for item in items:
                result = await worker(item)
                try:
                    await outbox.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with anyio.create_task_group() as group, receive:
        async with send:
            for _ in range(workers):
                group.start_soon(work, send.clone())
        pairs = pairs_of(receive)
        try:
            yield Results(pairs)
        finally:
            with anyio.CancelScope(shield=True):
                await pairs.aclose()
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
