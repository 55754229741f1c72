"""It puts one scope around everything, and returns False exactly at the deadline."""

import anyio


async def wait_until(ask, *, deadline, every):
    with anyio.CancelScope(deadline=deadline):
        await anyio.lowlevel.checkpoint()
        while True:
            if await ask():
                return True
            await anyio.sleep(every)
    return False
