"""I work out once how much time there is, and bound each question by that."""

import anyio


async def wait_until(ask, *, deadline, every):
    seconds = deadline - anyio.current_time()
    while anyio.current_time() < deadline:
        with anyio.move_on_after(seconds):
            if await ask():
                return True
        with anyio.CancelScope(deadline=deadline):
            await anyio.sleep(every)
    return False
