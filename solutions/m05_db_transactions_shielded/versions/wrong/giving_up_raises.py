"""Somebody must hear that it was given up, so a `TimeoutError` goes on from there."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await light.on()
    try:
        yield
    finally:
        try:
            with anyio.fail_after(limit, shield=True):
                await light.off()
        except TimeoutError:
            light.report()
            raise
