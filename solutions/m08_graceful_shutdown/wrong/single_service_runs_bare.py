"""Runs a single service without anything beside it that could tell or cancel it.

Base: right/plain
Breaks: R1
Also: R2
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []

    async def run(service):
        try:
            await service.run(stop)
        except Exception as error:
            errors.append(error)
            stop.set()

    async def watch(running):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        running.cancel()

    try:
        if len(services) == 1:
            await run(services[0])
            services_left = []
        else:
            services_left = services
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services_left:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
