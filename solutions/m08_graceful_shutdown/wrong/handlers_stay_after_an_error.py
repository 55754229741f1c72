"""Puts the old handlers back at the end, but not after an error.

Base: right/plain
Breaks: R7
"""

import socket


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()
    reader, writer = socket.socketpair()
    reader.setblocking(False)

    async def listen():
        await anyio.wait_readable(reader)
        reader.recv(1)
        stop.set()
        while True:
            await anyio.wait_readable(reader)
            reader.recv(1)
            hurry.set()

    before = {number: signal.signal(number, lambda *_: writer.send(b"x")) for number in signals}
    async with anyio.create_task_group() as listening:
        listening.start_soon(listen)
        await host(services, stop, hurry, grace, cleanup_timeout)
        listening.cancel_scope.cancel()
    for number, handler in before.items():
        signal.signal(number, handler)
