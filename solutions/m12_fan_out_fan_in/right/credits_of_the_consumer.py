"""Credits for items between source and consumer; the consumer's receive gives one back; workers pull from a locked source."""

from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Counted(ObjectReceiveStream):
    def __init__(self, inner, credits):
        self._inner = inner
        self._credits = credits

    async def receive(self):
        pair = await self._inner.receive()
        self._credits.release()
        return pair

    async def aclose(self):
        await self._inner.aclose()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("bad arguments")
    credits = anyio.Semaphore(2 * workers + 2 * buffer + 1)
    send, receive = anyio.create_memory_object_stream(float("inf"))
    turn = anyio.Lock()
    iterator = iter(source)
    end = object()

    async def work(out):
        async with out:
            while True:
                async with turn:
                    await credits.acquire()
                    item = next(iterator, end)
                if item is end:
                    credits.release()
                    return
                result = await worker(item)
                try:
                    out.send_nowait((item, result))
                except anyio.BrokenResourceError:
                    return

    outs = [send.clone() for _ in range(workers)]
    send.close()
    try:
        async with receive, anyio.create_task_group() as group:
            for out in outs:
                group.start_soon(work, out)
            try:
                yield Counted(receive, credits)
            finally:
                group.cancel_scope.cancel()
    finally:
        for out in outs:
            out.close()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("bad arguments")
    entries = list(enumerate(source))
    results = [None] * len(entries)
    entries.reverse()
    async with anyio.create_task_group() as group:

        async def work():
            while entries:
                number, item = entries.pop()
                results[number] = await worker(item)

        for _ in range(min(workers, len(entries))):
            group.start_soon(work)
    return results
