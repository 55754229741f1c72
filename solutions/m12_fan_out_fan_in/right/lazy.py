"""Built so that nothing starts before the body asks for the first result."""

from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Lazy(ObjectReceiveStream):
    def __init__(self, start, inner):
        self._start, self._inner = start, inner

    async def receive(self):
        if self._start is not None:
            start, self._start = self._start, None
            start()
        return await self._inner.receive()

    async def aclose(self):
        self._start = None
        await self._inner.aclose()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(items):
        nonlocal left
        for item in items:
            result = await worker(item)
            try:
                await send.send((item, result))
            except anyio.BrokenResourceError:
                return
        left -= 1
        if not left:
            send.close()

    def start():
        items = iter(source)
        for _ in range(workers):
            group.start_soon(work, items)

    left = workers
    with send, receive:
        async with anyio.create_task_group() as group:
            try:
                yield Lazy(start, receive)
            finally:
                group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as results:
        found = {entry[0]: result async for entry, result in results}
    return [result for _, result in sorted(found.items())]
