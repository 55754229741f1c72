"""Built with `serve` on top of `run_until`: the services are wrapped, so that the second signal can cancel them."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class Cancellable:
    def __init__(self, service):
        self.name, self.service, self.scope = service.name, service, anyio.CancelScope()

    async def run(self, stop):
        with self.scope:
            await self.service.run(stop)

    async def cleanup(self):
        await self.service.cleanup()


async def collect(function, *args, into):
    try:
        await function(*args)
    except Exception as error:
        into.append(error)
        return False
    return True


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    errors = []
    told = anyio.Event()
    ended = anyio.Event()

    async def run(service):
        if not await collect(service.run, told, into=errors):
            told.set()

    async def run_all():
        with anyio.CancelScope() as scope:
            watchers.start_soon(limit, scope)
            async with anyio.create_task_group() as group:
                for service in services:
                    group.start_soon(run, service)
        ended.set()

    async def forward():
        await stop.wait()
        told.set()

    async def limit(scope):
        await told.wait()
        scope.deadline = anyio.current_time() + grace

    try:
        async with anyio.create_task_group() as watchers:
            watchers.start_soon(forward)
            await run_all()
            await ended.wait()
            watchers.cancel_scope.cancel()
    finally:
        for service in reversed(list(services)):
            with anyio.move_on_after(cleanup_timeout, shield=True) as scope:
                await collect(service.cleanup, into=errors)
            if scope.cancel_called and scope.cancelled_caught:
                errors.append(TimeoutError())
    if errors:
        raise ExceptionGroup(f"{len(errors)} errors", errors)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop = anyio.Event()
    wrapped = [Cancellable(service) for service in services]
    with anyio.open_signal_receiver(*signals) as received:

        async def listen():
            seen = 0
            async for _ in received:
                seen += 1
                stop.set()
                if seen > 1:
                    for each in wrapped:
                        each.scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            await run_until(wrapped, stop, grace=grace, cleanup_timeout=cleanup_timeout)
            group.cancel_scope.cancel()
