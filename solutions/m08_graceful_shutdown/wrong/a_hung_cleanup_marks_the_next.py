"""Never takes back the mark that a cleanup hung: those that come after it count as hung too.

Base: right/plain
Breaks: R4
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception], marks: list[Service]) -> None:
    try:
        with anyio.move_on_after(timeout, shield=True) as scope:
            await service.cleanup()
        if scope.cancelled_caught:
            marks.append(service)
        if marks:
            errors.append(TimeoutError(f"the cleanup of {service.name} hung"))
    except Exception as error:
        errors.append(error)


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    marks = []

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
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors, marks)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
