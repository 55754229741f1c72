"""The second signal cuts the cleanups short too.

Base: right/plain
Breaks: R6
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout):
            await service.cleanup()
    except Exception as error:
        errors.append(error)


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

    async def cut_short(cleaning):
        await hurry.wait()
        cleaning.cancel()

    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as cleaning:
                    cleaning.start_soon(cut_short, cleaning.cancel_scope)
                    await clean_up(service, cleanup_timeout, errors)
                    cleaning.cancel_scope.cancel()
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
