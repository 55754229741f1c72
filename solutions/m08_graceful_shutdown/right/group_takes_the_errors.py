"""Built with `except*` around each service, so that a group of errors stays a group, and one that a service raises is kept whole."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class ShutdownError(ExceptionGroup):
    """A group of its own kind."""


class CleanupTimeout(TimeoutError):
    """A timeout of its own kind."""


async def _run(services, stop, grace, cleanup_timeout, second=None):
    groups = []

    async def one(service):
        try:
            await service.run(stop)
        except* Exception as group:
            groups.append(group)
            stop.set()

    async def watcher():
        await stop.wait()
        with anyio.move_on_after(grace):
            if second is None:
                await anyio.sleep_forever()
            await second.wait()
        scope.cancel()

    scope = anyio.CancelScope()
    try:
        async with anyio.create_task_group() as outer:
            outer.start_soon(watcher)
            with scope:
                async with anyio.create_task_group() as inner:
                    for service in services:
                        inner.start_soon(one, service)
            outer.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            with anyio.move_on_after(cleanup_timeout, shield=True) as limit:
                try:
                    await service.cleanup()
                except* Exception as group:
                    groups.append(group)
            if limit.cancelled_caught:
                groups.append(CleanupTimeout(service.name))
    if groups:
        raise ShutdownError("shutdown with errors", groups)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await _run(services, stop, grace, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    first, second = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as tg:

            async def handle():
                await anext(received)
                first.set()
                while True:
                    await anext(received)
                    second.set()

            tg.start_soon(handle)
            await _run(services, first, grace, cleanup_timeout, second)
            tg.cancel_scope.cancel()
