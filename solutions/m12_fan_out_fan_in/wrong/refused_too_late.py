"""Finds bad arguments inside the task group, when the first item has been taken.

Base: right/plain
Breaks: G8
"""

import itertools


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    items = iter(source)
    first = list(itertools.islice(items, 1))
    items = itertools.chain(first, items)
    send, receive = anyio.create_memory_object_stream(max(buffer, 0))

    async def work(outbox):
        async with outbox:
            for item in items:
                result = await worker(item)
                try:
                    await outbox.send((item, result))
                except anyio.BrokenResourceError:
                    return

    async with anyio.create_task_group() as group, receive:
        if workers < 1 or buffer < 0:
            raise ValueError("workers must be at least 1, and buffer not negative")
        async with send:
            for _ in range(workers):
                group.start_soon(work, send.clone())
        yield receive
        group.cancel_scope.cancel()
