"""It is enough to look at the clock before each question."""

import anyio


async def wait_until(ask, *, deadline, every):
    while anyio.current_time() < deadline:
        if await ask():
            return True
        await anyio.sleep(min(every, max(deadline - anyio.current_time(), 0)))
    return False
