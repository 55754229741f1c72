"""Built with cleanup tasks that all wait for the services' end and then for a turn; the cleanups stand in one shielded scope."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def _serve(services, shutdown, hurry, grace, cleanup_timeout):
    errors = []
    ended = [anyio.Event() for _ in services]

    async def run(service, scope):
        try:
            with scope:
                await service.run(shutdown)
        except Exception as error:
            errors.append(error)
            shutdown.set()

    async def clean(index, service):
        if index + 1 < len(services):
            await ended[index + 1].wait()
        try:
            with anyio.fail_after(cleanup_timeout):
                await service.cleanup()
        except Exception as error:
            errors.append(error)
        finally:
            ended[index].set()

    scopes = [anyio.CancelScope() for _ in services]

    async def stopper():
        await shutdown.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        for scope in scopes:
            scope.cancel()

    try:
        async with anyio.create_task_group() as helpers:
            helpers.start_soon(stopper)
            async with anyio.create_task_group() as runners:
                for service, scope in zip(services, scopes, strict=True):
                    runners.start_soon(run, service, scope)
            helpers.cancel_scope.cancel("all services have ended")
    finally:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as cleaners:
                for index, service in enumerate(services):
                    cleaners.start_soon(clean, index, service)
    if errors:
        raise BaseExceptionGroup("errors", errors)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await _serve(services, stop, anyio.Event(), grace, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    shutdown, hurry = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as group:

            async def on_signal():
                async for number in received:
                    if not shutdown.is_set():
                        shutdown.set()
                    else:
                        hurry.set()

            group.start_soon(on_signal)
            await _serve(services, shutdown, hurry, grace, cleanup_timeout)
            group.cancel_scope.cancel()
