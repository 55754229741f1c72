"""When the source fails nothing more comes, so the streams end."""

from contextlib import AsyncExitStack, asynccontextmanager

import anyio


@asynccontextmanager
async def broadcast(source, *, listeners):
    pairs = [anyio.create_memory_object_stream(0) for _ in range(listeners)]
    senders = [sender for sender, _ in pairs]

    async def pump():
        listening = list(senders)
        try:
            async for item in source:
                for sender in list(listening):
                    try:
                        await sender.send(item)
                    except anyio.BrokenResourceError:
                        listening.remove(sender)
        except Exception:
            pass
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
