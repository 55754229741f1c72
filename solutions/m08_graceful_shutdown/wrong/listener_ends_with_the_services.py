"""Cancels the task that reads signals before the cleanups: what comes then stays unread.

Base: right/plain
Breaks: R6 on trio
"""


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float, ended=None
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

    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        if ended:
            ended.set()
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as received:

        async def listen():
            await anext(received)
            stop.set()
            async for _ in received:
                hurry.set()

        ended = anyio.Event()

        async def listen_until_ended(scope):
            await ended.wait()
            scope.cancel()

        async def listen_for_a_while():
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as inner:
                    inner.start_soon(listen_until_ended, scope)
                    await listen()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen_for_a_while)
            await host(services, stop, hurry, grace, cleanup_timeout, ended)
            listening.cancel_scope.cancel()
