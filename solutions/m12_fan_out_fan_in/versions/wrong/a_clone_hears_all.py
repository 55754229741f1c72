"""Each clone of a stream receives every item."""

from contextlib import AsyncExitStack, asynccontextmanager

import anyio


@asynccontextmanager
async def broadcast(source, *, listeners):
    sender, receiver = anyio.create_memory_object_stream(0)
    receivers = [receiver, *(receiver.clone() for _ in range(listeners - 1))]

    async def pump():
        async for item in source:
            try:
                await sender.send(item)
            except anyio.BrokenResourceError:
                break
        sender.close()

    async with AsyncExitStack() as stack:
        if hasattr(source, "aclose"):
            stack.push_async_callback(source.aclose)
        for end in (sender, *receivers):
            stack.enter_context(end)
        async with anyio.create_task_group() as group:
            group.start_soon(pump)
            yield receivers
            group.cancel_scope.cancel()
