"""A deadline is the number of seconds that I have."""

import anyio


async def wait_until(ask, *, deadline, every):
    with anyio.move_on_after(deadline):
        await anyio.lowlevel.checkpoint()
        while True:
            if await ask():
                return True
            await anyio.sleep(every)
    return False
