"""It reads the source as fast as it can and keeps the items, however slow the listeners are."""

import math
from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def broadcast(source, *, listeners):
    pairs = [anyio.create_memory_object_stream(math.inf) for _ in range(listeners)]

    async def pump():
        async for item in source:
            for sender, _ in pairs:
                try:
                    sender.send_nowait(item)
                except anyio.BrokenResourceError:
                    pass
        for sender, _ in pairs:
            sender.close()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(pump)
            try:
                yield [receiver for _, receiver in pairs]
            finally:
                group.cancel_scope.cancel()
    finally:
        for pair in pairs:
            for end in pair:
                end.close()
        if hasattr(source, "aclose"):
            await source.aclose()
