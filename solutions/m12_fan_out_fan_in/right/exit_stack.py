"""Built on an `AsyncExitStack` and a dispatcher that hands each item to a worker by an event; results by a lock."""

from contextlib import AsyncExitStack, asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1:
        raise ValueError("workers")
    if buffer < 0:
        raise ValueError("buffer")
    async with AsyncExitStack() as stack:
        send, receive = anyio.create_memory_object_stream(buffer)
        group = await stack.enter_async_context(anyio.create_task_group())
        stack.push_async_callback(receive.aclose)
        stack.callback(group.cancel_scope.cancel)
        items = iter(source)
        taking = anyio.Lock()
        end = object()

        async def work(outbox):
            with outbox:
                while True:
                    async with taking:
                        item = next(items, end)
                    if item is end:
                        break
                    result = await worker(item)
                    try:
                        await outbox.send((item, result))
                    except anyio.BrokenResourceError:
                        break

        for _ in range(workers):
            group.start_soon(work, send.clone())
        send.close()
        yield receive


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers")
    items = list(source)
    results = dict.fromkeys(range(len(items)))
    async with anyio.create_task_group() as group:
        slots = anyio.Semaphore(workers)

        async def run(number):
            results[number] = await worker(items[number])
            slots.release()

        for number in range(len(items)):
            await slots.acquire()
            group.start_soon(run, number)
    return list(results.values())
