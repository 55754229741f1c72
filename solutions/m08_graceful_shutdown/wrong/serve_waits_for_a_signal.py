"""`serve` waits for a signal, although all services have returned.

Base: right/plain
Breaks: R1
Also: R2 R3 R4 R5 R6 R7 G1 G2 G3 G4 G5 G6 G9
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
            async for _ in received:
                hurry.set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            await host(services, stop, hurry, grace, cleanup_timeout)
