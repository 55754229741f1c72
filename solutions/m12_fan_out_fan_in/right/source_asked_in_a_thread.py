"""Built so that the source is asked in a worker thread, by one worker at a time."""

from contextlib import asynccontextmanager
import anyio, anyio.to_thread

END = object()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("bad")
    send, receive = anyio.create_memory_object_stream(buffer)
    it = iter(source)
    lock = anyio.Lock()

    async def work(send):
        async with send:
            while True:
                async with lock:
                    item = await anyio.to_thread.run_sync(next, it, END)
                if item is END:
                    return
                r = await worker(item)
                try:
                    await send.send((item, r))
                except anyio.BrokenResourceError:
                    return

    async with anyio.create_task_group() as tg, receive:
        async with send:
            for _ in range(workers):
                tg.start_soon(work, send.clone())
        yield receive
        tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    out = {}
    async with fan_out(enumerate(source), lambda e: worker(e[1]), workers=workers) as rs:
        async for (i, _), r in rs:
            out[i] = r
    return [out[i] for i in sorted(out)]
