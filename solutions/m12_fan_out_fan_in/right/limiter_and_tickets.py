"""Built with a task for each item: a limiter bounds the work, tickets bound what is on its way."""

from contextlib import asynccontextmanager
import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers <= 0 or buffer < 0:
        raise ValueError("bad")
    slots = anyio.CapacityLimiter(workers)
    underway = anyio.Semaphore(2 * workers + buffer)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def one(item, send):
        async with send:
            async with slots:
                result = await worker(item)
            try:
                await send.send((item, result))
            except anyio.BrokenResourceError:
                return
            underway.release()

    async def main():
        async with send:
            await underway.acquire()
            for item in source:
                group.start_soon(one, item, send.clone())
                await underway.acquire()

    async with receive, anyio.create_task_group() as group:
        group.start_soon(main)
        yield receive
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers <= 0:
        raise ValueError("bad")
    slots = anyio.CapacityLimiter(workers)
    out = {}

    async def one(i, item):
        async with slots:
            out[i] = await worker(item)

    async with anyio.create_task_group() as tg:
        for i, item in enumerate(source):
            tg.start_soon(one, i, item)
    return [out[i] for i in range(len(out))]
