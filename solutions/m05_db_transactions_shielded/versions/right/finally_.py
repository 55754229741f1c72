"""If `on` raises or is cancelled, it leaves the light alone: `off` is not called."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await light.on()
    try:
        yield
    finally:
        with anyio.move_on_after(limit, shield=True) as scope:
            await light.off()
        if scope.cancelled_caught:
            light.report()
