"""It switches off in a child task that starts a moment later, and lets other tasks run before it calls `on`."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await anyio.lowlevel.checkpoint()
    await light.on()
    ended = False

    async def off():
        nonlocal ended
        await light.off()
        ended = True

    try:
        yield light
    finally:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                group.cancel_scope.deadline = anyio.current_time() + limit
                group.start_soon(off)
            if not ended:
                light.report()
