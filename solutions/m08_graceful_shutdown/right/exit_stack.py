"""Built with an exit stack that holds the cleanups, and `fail_after` in it."""

from contextlib import AsyncExitStack
import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def guarded(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)


async def run_all(services, stop, force, grace, cleanup_timeout):
    errors: list[Exception] = []
    async with AsyncExitStack() as stack:
        for service in services:
            stack.push_async_callback(guarded, service, cleanup_timeout, errors)

        async def one(service):
            try:
                await service.run(stop)
            except Exception as error:
                errors.append(error)
                stop.set()

        async def supervise(scope):
            await stop.wait()
            with anyio.move_on_after(grace):
                await force.wait()
            scope.cancel()

        async with anyio.create_task_group() as outer:
            async with anyio.create_task_group() as inner:
                outer.start_soon(supervise, inner.cancel_scope)
                for service in services:
                    inner.start_soon(one, service)
            outer.cancel_scope.cancel()
    if errors:
        raise ExceptionGroup("failed", errors)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await run_all(services, stop, anyio.Event(), grace, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, force = anyio.Event(), anyio.Event()

    async def listen(*, task_status):
        with anyio.open_signal_receiver(*signals) as received:
            task_status.started()
            async for _ in received:
                if stop.is_set():
                    force.set()
                stop.set()

    if not services:
        return
    async with AsyncExitStack() as stack:
        received = stack.enter_context(anyio.open_signal_receiver(*signals))
        group = await stack.enter_async_context(anyio.create_task_group())

        async def read():
            async for _ in received:
                if stop.is_set():
                    force.set()
                stop.set()

        group.start_soon(read)
        await run_all(services, stop, force, grace, cleanup_timeout)
        group.cancel_scope.cancel()
