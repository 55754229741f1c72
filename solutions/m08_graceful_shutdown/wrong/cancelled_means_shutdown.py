"""Answers a cancellation from outside with the orderly shutdown: told, and waited for.

Base: right/plain
Breaks: R5
Also: R3 G3
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

    async def tell_when_cancelled():
        try:
            await anyio.sleep_forever()
        finally:
            stop.set()

    try:
        async with anyio.create_task_group() as outside, anyio.create_task_group() as watching:
            outside.start_soon(tell_when_cancelled)
            watching.cancel_scope.shield = True
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
            outside.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
