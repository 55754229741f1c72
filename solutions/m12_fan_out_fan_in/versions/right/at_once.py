"""It hands each item to all listeners at once, and reads the next one when each of them has room for it."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def broadcast(source, *, listeners):
    pairs = [anyio.create_memory_object_stream(1) for _ in range(listeners)]
    open_ends = {number: sender for number, (sender, _) in enumerate(pairs)}

    async def hand(number, item):
        try:
            await open_ends[number].send(item)
        except anyio.BrokenResourceError:
            open_ends.pop(number).close()

    async def pump():
        async for item in source:
            async with anyio.create_task_group() as handing:
                for number in list(open_ends):
                    handing.start_soon(hand, number, item)
            if not open_ends:
                break
        for sender in open_ends.values():
            sender.close()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(pump)
            yield [receiver for _, receiver in pairs]
            group.cancel_scope.cancel()
    finally:
        for sender, receiver in pairs:
            sender.close()
            receiver.close()
        if hasattr(source, "aclose"):
            await source.aclose()
