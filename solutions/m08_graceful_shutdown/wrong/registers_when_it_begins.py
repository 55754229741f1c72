"""Each service registers when its task begins; whoever looks before that finds nobody, and ends the work.

Base: right/plain
Breaks: R1
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    at_work = set()
    change = anyio.Event()

    async def run(service):
        nonlocal change
        at_work.add(service.name)
        try:
            await service.run(stop)
        except Exception as error:
            errors.append(error)
            stop.set()
        finally:
            at_work.discard(service.name)
            change.set()
            change = anyio.Event()

    async def end_when_idle(running):
        while at_work:
            await change.wait()
        running.cancel()

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
                watching.start_soon(end_when_idle, running.cancel_scope)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
