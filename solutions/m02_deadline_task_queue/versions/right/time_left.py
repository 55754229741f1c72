"""It gives up after a no when the next question would begin at the deadline or later, so False can come before the deadline."""

import anyio


async def wait_until(ask, *, deadline, every):
    while (left := deadline - anyio.current_time()) > 0:
        with anyio.move_on_after(left):
            if await ask():
                return True
        if anyio.current_time() + every >= deadline:
            return False
        await anyio.sleep(every)
    return False
