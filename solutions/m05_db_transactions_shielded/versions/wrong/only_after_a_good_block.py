"""What comes after the `yield` runs when the block is over."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await light.on()
    yield
    with anyio.move_on_after(limit, shield=True) as scope:
        await light.off()
    if scope.cancelled_caught:
        light.report()
