"""Lets the workers finish what they are at when the body has raised what is not an `Exception`.

Base: none
Breaks: G5
"""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers >= 1, buffer >= 0")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(results):
        async with results:
            for item in items:
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
            body = None
            try:
                yield receive
            except (Exception, anyio.get_cancelled_exc_class()):
                raise
            except BaseException as error:
                body = error
                receive.close()
            else:
                tg.cancel_scope.cancel()
        if body:
            raise body


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
