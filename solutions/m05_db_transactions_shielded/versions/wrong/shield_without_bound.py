"""Once something is protected it will end by itself; a bound is for what may be cancelled."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await light.on()
    try:
        yield
    finally:
        begun = anyio.current_time()
        with anyio.CancelScope(shield=True):
            await light.off()
        if anyio.current_time() - begun > limit:
            light.report()
