"""Built from workers that share one iterator and each send into a clone of the stream."""

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
            yield receive
            tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as done:
        async for (number, _), result in done:
            results[number] = result
    return [results[number] for number in sorted(results)]
