"""Built to take as many items as the bound allows: a credit for each, given back when the body gets the pair."""

import math
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class _Crediting(ObjectReceiveStream):
    def __init__(self, inner, credits):
        self._inner, self._credits = inner, credits

    async def receive(self):
        pair = await self._inner.receive()
        self._credits.release()
        return pair

    async def aclose(self):
        await self._inner.aclose()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers or buffer")
    credits = anyio.Semaphore(2 * workers + 2 * buffer + 1)
    todo_send, todo = anyio.create_memory_object_stream(math.inf)
    done_send, done = anyio.create_memory_object_stream(math.inf)

    async def feed():
        with todo_send:
            items = iter(source)
            while True:
                await credits.acquire()
                try:
                    item = next(items)
                except StopIteration:
                    return
                todo_send.send_nowait(item)

    async def work(mine):
        with mine:
            async for item in todo:
                result = await worker(item)
                try:
                    mine.send_nowait((item, result))
                except anyio.BrokenResourceError:
                    return

    try:
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(work, done_send.clone())
            done_send.close()
            group.start_soon(feed)
            yield _Crediting(done, credits)
            group.cancel_scope.cancel()
    finally:
        for stream in (todo_send, todo, done_send, done):
            stream.close()


async def fan_in(source, worker, *, workers):
    async with fan_out(enumerate(source), lambda pair: worker(pair[1]), workers=workers, buffer=10) as done:
        found = [(number, result) async for (number, _), result in done]
    return [result for _, result in sorted(found, key=lambda pair: pair[0])]
