"""Shields the services from the first signal on, so that a cancellation from outside has to wait.

Base: right/plain
Breaks: R5
"""


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()
    shielded = anyio.CancelScope()
    with anyio.open_signal_receiver(*signals) as received:

        async def listen():
            await anext(received)
            shielded.shield = True
            stop.set()
            async for _ in received:
                hurry.set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            with shielded:
                await host(services, stop, hurry, grace, cleanup_timeout)
            listening.cancel_scope.cancel()
