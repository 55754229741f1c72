"""Starts the task that reads signals outside every task group, and forgets it.

Base: right/plain
Breaks: R7
Also: R6 G1 G2
"""

import asyncio
import sniffio
import trio


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

        if sniffio.current_async_library() == "trio":
            trio.lowlevel.spawn_system_task(listen)
        else:
            asyncio.create_task(listen())
        await host(services, stop, hurry, grace, cleanup_timeout)
