"""The more is protected, the safer it is."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    with anyio.CancelScope(shield=True):
        await light.on()
        try:
            yield
        finally:
            with anyio.move_on_after(limit) as scope:
                await light.off()
            if scope.cancelled_caught:
                light.report()
