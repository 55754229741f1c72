"""What is in `finally` runs to its end, also when the task is cancelled."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await light.on()
    try:
        yield
    finally:
        with anyio.move_on_after(limit) as scope:
            await light.off()
        if scope.cancelled_caught:
            light.report()
