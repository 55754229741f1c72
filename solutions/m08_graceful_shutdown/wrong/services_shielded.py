"""Shields the services: a shutdown must be orderly.

Base: right/plain
Breaks: G3
Also: R2 R3 R5 R6 G2 G5 R4
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    scopes = []

    async def run(service):
        try:
            with anyio.CancelScope(shield=True) as scope:
                scopes.append(scope)
                await service.run(stop)
        except Exception as error:
            errors.append(error)
            stop.set()

    async def watch(running):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        for scope in scopes:
            scope.cancel()

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
