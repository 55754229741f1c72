"""Sets an event in a plain signal handler: that does not wake a sleeping loop of asyncio.

Base: right/plain
Breaks: R6
Also: R1 R4 R7 G4 G6
"""


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()

    def handler(*_):
        (hurry if stop.is_set() else stop).set()

    before = {number: signal.signal(number, handler) for number in signals}
    try:
        await host(services, stop, hurry, grace, cleanup_timeout)
    finally:
        for number, old in before.items():
            signal.signal(number, old)
