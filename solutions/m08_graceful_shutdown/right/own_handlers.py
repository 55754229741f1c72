"""Built with plain signal handlers that write into a socket, which wakes either loop."""

import socket
from contextlib import contextmanager
import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def clean_up(service, timeout, errors):
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)


async def host(services, stop, cut, grace, cleanup_timeout):
    errors = []
    told = anyio.Event()

    async def one(service):
        try:
            await service.run(told)
        except Exception as error:
            errors.append(error)
            told.set()

    async def forward():
        await stop.wait()
        told.set()

    async def cut_after_grace(scope):
        await told.wait()
        with anyio.move_on_after(grace):
            await cut.wait()
        scope.cancel()

    try:
        async with anyio.create_task_group() as beside:
            beside.start_soon(forward)
            async with anyio.create_task_group() as running:
                beside.start_soon(cut_after_grace, running.cancel_scope)
                for service in services:
                    running.start_soon(one, service)
            beside.cancel_scope.cancel()
    finally:
        for service in services[::-1]:
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("failed", errors)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await host(services, stop, anyio.Event(), grace, cleanup_timeout)


@contextmanager
def handled(signals):
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)

    def handler(number, frame):
        writer.send(bytes([number]))

    old = {number: signal.signal(number, handler) for number in signals}
    try:
        yield reader
    finally:
        for number, before in old.items():
            signal.signal(number, before)
        reader.close()
        writer.close()


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, cut = anyio.Event(), anyio.Event()

    async def listen(reader):
        while True:
            await anyio.wait_readable(reader)
            for _ in reader.recv(64):
                (cut if stop.is_set() else stop).set()

    with handled(signals) as reader:
        async with anyio.create_task_group() as group:
            group.start_soon(listen, reader)
            await host(services, stop, cut, grace, cleanup_timeout)
            group.cancel_scope.cancel()
