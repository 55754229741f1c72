"""Waits for the last service to say that it was the last: without services nobody says it.

Base: right/plain
Breaks: R1
Also: R7
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    left = len(services)
    all_ended = anyio.Event()

    async def run(service):
        nonlocal left
        try:
            await service.run(stop)
        except Exception as error:
            errors.append(error)
            stop.set()
        finally:
            left -= 1
            if not left:
                all_ended.set()

    async def watch(running):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        running.cancel()

    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
                await all_ended.wait()
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
