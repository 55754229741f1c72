"""Each worker goes through the source by itself.

Base: right/plain
Breaks: R1
Also: R2 R4 R6 G9
"""


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(outbox):
        async with outbox:
            for item in source:
                result = await worker(item)
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
