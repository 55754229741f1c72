"""Hands each result to a task that sends it, and takes the next item at once.

Base: right/plain
Breaks: R3
"""


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def deliver(pair):
        try:
            await send.send(pair)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass

    async def all_workers():
        async with send, anyio.create_task_group() as crew:

            async def work():
                for item in items:
                    crew.start_soon(deliver, (item, await worker(item)))

            for _ in range(workers):
                crew.start_soon(work)

    async with anyio.create_task_group() as group, receive:
        group.start_soon(all_workers)
        yield receive
        group.cancel_scope.cancel()
