"""If the task was cancelled, then switching off was cut short."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def on_air(light, *, limit):
    await light.on()
    cut_short = False
    try:
        yield
    except anyio.get_cancelled_exc_class():
        cut_short = True
        raise
    finally:
        with anyio.move_on_after(limit, shield=True) as scope:
            await light.off()
        if scope.cancelled_caught or cut_short:
            light.report()
