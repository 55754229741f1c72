"""Cleans each service up as soon as it has ended, while others still run.

Base: right/plain
Breaks: R3
Also: R1 R2 R4 R5 R6 G1 G3
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
        finally:
            await clean_up(service, cleanup_timeout, errors)

    async def watch(running):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        running.cancel()

    async with anyio.create_task_group() as watching:
        async with anyio.create_task_group() as running:
            watching.start_soon(watch, running.cancel_scope)
            for service in services:
                running.start_soon(run, service)
        watching.cancel_scope.cancel()
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
