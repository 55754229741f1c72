"""Built with a started handshake for each item; when the stream is closed, the work goes on until the block ends."""

from contextlib import asynccontextmanager
import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("bad")
    send, receive = anyio.create_memory_object_stream(buffer)
    sem = anyio.Semaphore(workers)

    async def one(item, *, task_status):
        task_status.started()
        try:
            res = await worker(item)
            await send.send((item, res))
        except anyio.BrokenResourceError:
            if send.statistics().open_receive_streams:
                raise
        finally:
            sem.release()

    async def main():
        try:
            async with anyio.create_task_group() as crew:
                for item in source:
                    await sem.acquire()
                    await crew.start(one, item)
        finally:
            send.close()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(main)
            try:
                yield receive
            finally:
                group.cancel_scope.cancel()
    finally:
        receive.close()
        send.close()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("bad")
    items = list(source)
    out = [None] * len(items)
    send, receive = anyio.create_memory_object_stream(len(items))
    for i in range(len(items)):
        send.send_nowait(i)
    send.close()

    async def run(inbox):
        async with inbox:
            async for i in inbox:
                out[i] = await worker(items[i])

    async with receive, anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(run, receive.clone())
    return out
