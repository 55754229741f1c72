"""Does not look at `workers`: without any, nothing is done.

Base: right/plain
Breaks: R7
Also: G8
"""


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(outbox):
        async with outbox:
            for item in items:
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
