"""Tasks that I start one after the other send one after the other."""

from contextlib import AsyncExitStack, asynccontextmanager

import anyio


@asynccontextmanager
async def broadcast(source, *, listeners):
    pairs = [anyio.create_memory_object_stream(0) for _ in range(listeners)]
    senders = [sender for sender, _ in pairs]

    async def pump():
        async def hand(sender, item):
            try:
                await sender.send(item)
            except anyio.BrokenResourceError:
                pass

        async with anyio.create_task_group() as handing:
            async for item in source:
                for sender in senders:
                    handing.start_soon(hand, sender, item)
        for sender in senders:
            sender.close()

    async with AsyncExitStack() as stack:
        if hasattr(source, "aclose"):
            stack.push_async_callback(source.aclose)
        for sender, receiver in pairs:
            stack.enter_context(sender)
            stack.enter_context(receiver)
        async with anyio.create_task_group() as group:
            group.start_soon(pump)
            yield [receiver for _, receiver in pairs]
            group.cancel_scope.cancel()
