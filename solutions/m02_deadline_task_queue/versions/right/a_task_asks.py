"""It asks in a child task, so a question does not run in the task that called `wait_until`."""

import anyio


async def wait_until(ask, *, deadline, every):
    if deadline <= anyio.current_time():
        return False
    found = []

    async def keep_asking():
        try:
            while not await ask():
                await anyio.sleep(every)
            found.append(True)
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:
            found.append(error)

    with anyio.CancelScope(deadline=deadline):
        async with anyio.create_task_group() as group:
            group.start_soon(keep_asking)
    if found and found[0] is not True:
        raise found[0]
    return bool(found)
