"""Sets signal handlers that wake the loop, and leaves them there.

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

    for number in signals:
        signal.signal(number, lambda *_: writer.send(b"x"))
    async with anyio.create_task_group() as listening:
        listening.start_soon(listen)
        await host(services, stop, hurry, grace, cleanup_timeout)
        listening.cancel_scope.cancel()
