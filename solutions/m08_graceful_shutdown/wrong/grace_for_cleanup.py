"""What is left of the grace bounds the cleanups too.

Base: none
Breaks: R3
"""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    async def ask(scope):
        await stop.wait()
        scope.cancel()

    await _manage(tuple(services), ask, None, grace, cleanup_timeout)


async def _manage(services, ask, hurry, grace, cleanup_timeout):
    told = anyio.Event()
    run_errors, cleanup_errors = [], []
    returned = anyio.Semaphore(0)

    async def run(service, patience):
        try:
            await service.run(told)
        except Exception as error:
            run_errors.append(error)
            patience.cancel()
        finally:
            returned.release()

    try:
        async with anyio.create_task_group() as group:
            counted = 0
            with anyio.CancelScope() as patience:
                for service in services:
                    group.start_soon(run, service, patience)
                async with anyio.create_task_group() as asking:
                    asking.start_soon(ask, patience)
                    while counted < len(services):
                        await returned.acquire()
                        counted += 1
                    asking.cancel_scope.cancel()
            if patience.cancel_called:
                told.set()
                with anyio.move_on_after(grace) as waiting:
                    async with anyio.create_task_group() as asking:
                        if hurry:
                            asking.start_soon(hurry, waiting)
                        while counted < len(services):
                            await returned.acquire()
                            counted += 1
                        asking.cancel_scope.cancel()
                group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            for i in range(len(services) - 1, -1, -1):
                try:
                    with anyio.move_on_after(min(cleanup_timeout, grace)) as limit:
                        await services[i].cleanup()
                    if limit.cancelled_caught:
                        cleanup_errors.append(TimeoutError())
                except Exception as error:
                    cleanup_errors.append(error)
    groups = [
        ExceptionGroup(text, errors) for text, errors in (("run", run_errors), ("clean", cleanup_errors)) if errors
    ]
    if groups:
        raise ExceptionGroup("shutdown", groups)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    first, second = anyio.Event(), anyio.Event()

    async def ask(scope):
        await first.wait()
        scope.cancel()

    async def hurry(scope):
        await second.wait()
        scope.cancel()

    async def listen(received, scope):
        with scope:
            await anext(received)
            first.set()
            await anext(received)
            second.set()
            while True:
                await anext(received)

    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as group:
            listening = anyio.CancelScope(shield=True)
            group.start_soon(listen, received, listening)
            try:
                await _manage(tuple(services), ask, hurry, grace, cleanup_timeout)
            finally:
                listening.cancel()
