"""Counts the signals in the module: in the next call the first one does not wait.

Base: right/plain
Breaks: R1
"""

count = 0


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
            global count
            async for _ in received:
                count += 1
                stop.set()
                if count > 1:
                    hurry.set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            await host(services, stop, hurry, grace, cleanup_timeout)
            listening.cancel_scope.cancel()
