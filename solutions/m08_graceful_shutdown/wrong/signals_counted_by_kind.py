"""Counts the kinds of signals: the second SIGTERM does not count.

Base: right/plain
Breaks: R6
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
            seen = set()
            async for number in received:
                seen.add(number)
                (stop if len(seen) == 1 else hurry).set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            await host(services, stop, hurry, grace, cleanup_timeout)
            listening.cancel_scope.cancel()
