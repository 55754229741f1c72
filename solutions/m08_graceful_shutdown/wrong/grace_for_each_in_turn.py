"""Stops the services one after the other, each with a grace period of its own.

Base: right/plain
Breaks: R2
Also: R1 R3 R4 R5 R6 G3 G6 G9
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    told = {service.name: anyio.Event() for service in services}
    ended = {service.name: anyio.Event() for service in services}
    scopes = {service.name: anyio.CancelScope() for service in services}

    async def run(service):
        try:
            with scopes[service.name]:
                await service.run(told[service.name])
        except Exception as error:
            errors.append(error)
            stop.set()
        finally:
            ended[service.name].set()

    async def watch(running):
        await stop.wait()
        for service in reversed(services):
            told[service.name].set()
            with anyio.move_on_after(grace):
                await ended[service.name].wait()
            scopes[service.name].cancel()

    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
