"""Built with a context manager that runs the services and cleans up behind its block; its block waits on a stream of reasons, one a second reason at the latest."""

import math
import signal
from collections.abc import Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


@asynccontextmanager
async def hosted(services, cleanup_timeout, stop):
    """Gives the scope of the services, and the stream whose end tells that all have ended."""
    errors = []
    sending, reasons = anyio.create_memory_object_stream(math.inf)

    async def run(service, send):
        with send:
            try:
                await service.run(stop)
            except Exception as error:
                errors.append(error)
                with suppress(anyio.BrokenResourceError):
                    send.send_nowait(error)

    try:
        with reasons:
            async with anyio.create_task_group() as group:
                with sending:
                    for service in services:
                        group.start_soon(run, service, sending.clone())
                yield group.cancel_scope, reasons
    finally:
        for service in reversed(services):
            try:
                with anyio.fail_after(cleanup_timeout, shield=True):
                    await service.cleanup()
            except Exception as error:
                errors.append(error)
    if errors:
        raise ExceptionGroup("a shutdown that was not clean", errors)


async def manage(services, grace, cleanup_timeout, first, hurry):
    """`first` begins the shutdown, `hurry` ends the grace period."""
    stop = anyio.Event()
    async with hosted(services, cleanup_timeout, stop) as (scope, reasons):

        async def begin():
            await first.wait()
            stop.set()

        async def bound():
            await stop.wait()
            with anyio.move_on_after(grace):
                await hurry.wait()
            scope.cancel()

        async with anyio.create_task_group() as helpers:
            helpers.start_soon(begin)
            helpers.start_soon(bound)
            async for _ in reasons:  # until nobody is left who could send one
                stop.set()
            helpers.cancel_scope.cancel()


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await manage(services, grace, cleanup_timeout, stop, anyio.Event())


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    first, hurry = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as received:

        async def listen():
            await anext(received)
            first.set()
            async for _ in received:
                hurry.set()

        errors = []
        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            try:
                await manage(services, grace, cleanup_timeout, first, hurry)
            except Exception as error:
                errors.append(error)
            listening.cancel_scope.cancel()
    for error in errors:
        raise error
