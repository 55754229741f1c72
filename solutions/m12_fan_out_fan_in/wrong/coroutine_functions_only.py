"""Refuses a worker that is not an `async def` function.

Base: right/plain
Breaks: G9
"""

import inspect


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(outbox):
        async with outbox:
            for item in items:
                call = worker(item)
                if not inspect.iscoroutine(call):
                    raise TypeError("worker must be an async function")
                result = await call
                try:
                    await outbox.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with anyio.create_task_group() as group, receive:
        async with send:
            for _ in range(workers):
                group.start_soon(work, send.clone())
        yield receive
        group.cancel_scope.cancel()
