"""Built from one function for both entries: services in one task group, a task that watches in another around it."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)


async def host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
):
    errors = []

    async def run(service):
        try:
            await service.run(stop)
        except Exception as error:
            errors.append(error)
            stop.set()

    async def watch(running):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        running.cancel()

    try:
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(watch, running.cancel_scope)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            await clean_up(service, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await host(services, stop, anyio.Event(), grace, cleanup_timeout)


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
            listening.cancel_scope.cancel()
