"""Built so that a cancellation during the cleanups is left to the caller's next checkpoint, and an error wins over one before."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def finish(services, timeout, errors):
    with anyio.CancelScope(shield=True):
        for service in reversed(services):
            try:
                with anyio.fail_after(timeout):
                    await service.cleanup()
            except Exception as error:
                errors.append(error)


async def work(services, stop, second, grace, errors):
    async def one(service):
        try:
            await service.run(stop)
        except Exception as error:
            errors.append(error)
            stop.set()

    running = anyio.create_task_group()

    async def watch():
        await stop.wait()
        with anyio.move_on_after(grace):
            await second.wait()
        running.cancel_scope.cancel()

    async with anyio.create_task_group() as watching:
        watching.start_soon(watch)
        async with running:
            for service in services:
                running.start_soon(one, service)
        watching.cancel_scope.cancel()


async def all_of_it(services, stop, second, grace, cleanup_timeout):
    errors = []
    cancelled = None
    try:
        await work(services, stop, second, grace, errors)
    except anyio.get_cancelled_exc_class() as error:
        cancelled = error
    except BaseException:
        await finish(services, cleanup_timeout, errors)
        raise
    await finish(services, cleanup_timeout, errors)
    if errors:
        raise ExceptionGroup("errors", errors)
    if cancelled is not None:
        raise cancelled


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await all_of_it(services, stop, anyio.Event(), grace, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, second = anyio.Event(), anyio.Event()
    left = None
    with anyio.open_signal_receiver(*signals) as received:

        async def read():
            async for _ in received:
                event = second if stop.is_set() else stop
                event.set()

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            try:
                await all_of_it(services, stop, second, grace, cleanup_timeout)
            except ExceptionGroup as error:
                left = error
            group.cancel_scope.cancel()
    if left is not None:
        raise left
