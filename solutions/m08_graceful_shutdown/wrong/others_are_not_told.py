"""After an error the others run on until the grace period ends: nobody tells them.

Base: right/plain
Breaks: R4
Also: R1 R3 R5 R6 G1 G2 G3 G5 G6 G9
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    failed = anyio.Event()

    async def run(service):
        try:
            await service.run(stop)
        except Exception as error:
            errors.append(error)
            failed.set()

    async def watch(running):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        running.cancel()

    async def watch_failures(running):
        await failed.wait()
        await anyio.sleep(grace)
        running.cancel()

    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                watching.start_soon(watch_failures, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
