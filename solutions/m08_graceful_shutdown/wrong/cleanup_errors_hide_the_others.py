"""Raises the errors of the cleanups first, in the `finally` block: the services' own are lost.

Base: right/plain
Breaks: R4
Also: R5
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

    failures = []
    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
        if errors:
            raise ExceptionGroup("services failed", errors)
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, failures)
        if failures:
            raise ExceptionGroup("cleanups failed", failures)
