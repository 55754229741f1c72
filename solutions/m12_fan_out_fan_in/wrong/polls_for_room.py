"""A worker looks every few moments whether there is room for its result.

Base: right/plain
Breaks: G6
Also: R1 R3
"""


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers must be at least 1, and buffer not negative")
    items = iter(source)
    send, receive = anyio.create_memory_object_stream(buffer)

    async def work(outbox):
        async with outbox:
            for item in items:
                result = await worker(item)
                while True:
                    seen = receive.statistics()
                    if seen.tasks_waiting_receive or seen.current_buffer_used < buffer or not seen.open_receive_streams:
                        break
                    await anyio.sleep(0.04)
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
