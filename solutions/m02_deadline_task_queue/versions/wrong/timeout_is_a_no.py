"""If a `TimeoutError` arrives, then my time is up."""

import anyio


async def wait_until(ask, *, deadline, every):
    left = deadline - anyio.current_time()
    if left <= 0:
        return False
    try:
        with anyio.fail_after(left):
            while not await ask():
                await anyio.sleep(every)
            return True
    except TimeoutError:
        return False
