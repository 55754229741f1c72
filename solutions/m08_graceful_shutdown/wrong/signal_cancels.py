"""The first signal cancels the services at once.

Base: right/plain
Breaks: R6
Also: R1 R5 G6
"""


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
            hurry.set()
            async for _ in received:
                hurry.set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            await host(services, stop, hurry, grace, cleanup_timeout)
            listening.cancel_scope.cancel()
