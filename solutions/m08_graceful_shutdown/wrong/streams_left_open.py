"""Collects errors through a stream that it never closes.

Base: right/plain
Breaks: G2
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []
    sender, receiver = anyio.create_memory_object_stream(max_buffer_size=len(services))

    async def run(service):
        try:
            await service.run(stop)
        except Exception as error:
            sender.send_nowait(error)
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
            await clean_up(service, cleanup_timeout, errors)
    while receiver.statistics().current_buffer_used:
        errors.append(receiver.receive_nowait())
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
