"""A scope whose deadline has passed starts nothing any more."""

import anyio


async def wait_until(ask, *, deadline, every):
    with anyio.CancelScope(deadline=deadline):
        while True:
            if await ask():
                return True
            await anyio.sleep(every)
    return False
