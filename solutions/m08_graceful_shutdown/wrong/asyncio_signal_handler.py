"""Uses the signal handlers of asyncio's loop.

Base: right/plain
Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 R7 G2 G3 G4 G5 G6 G9
"""

import asyncio


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()
    loop = asyncio.get_running_loop()

    def handler():
        (hurry if stop.is_set() else stop).set()

    for number in signals:
        loop.add_signal_handler(number, handler)
    try:
        await host(services, stop, hurry, grace, cleanup_timeout)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
