"""Has one event in the module for all calls: after a shutdown the services of the next call are told at once.

Base: right/plain
Breaks: R1
"""

told: list[anyio.Event] = []


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    if not told:
        told.append(anyio.Event())

    async def forward():
        await stop.wait()
        told[0].set()

    async def run(service):
        try:
            await service.run(told[0])
        except Exception as error:
            errors.append(error)
            told[0].set()

    async def watch(running):
        await told[0].wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        running.cancel()

    try:
        async with anyio.create_task_group() as watching:
            watching.start_soon(forward)
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
