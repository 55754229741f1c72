"""If I am cancelled, then the deadline has passed."""

import anyio


async def wait_until(ask, *, deadline, every):
    if deadline <= anyio.current_time():
        return False
    with anyio.CancelScope(deadline=deadline):
        try:
            while not await ask():
                await anyio.sleep(every)
            return True
        except anyio.get_cancelled_exc_class():
            return False
    return False
