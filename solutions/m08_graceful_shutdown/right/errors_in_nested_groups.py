"""Built so that errors leave in groups within groups."""

from contextlib import asynccontextmanager
import signal
from collections.abc import Sequence
from typing import Protocol

import anyio
import anyio.lowlevel


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


@asynccontextmanager
async def cleaned(services, timeout):
    run_error = None
    try:
        yield
    except Exception as error:
        run_error = error
    except BaseException:
        await clean(services, timeout)
        raise
    if run_error is None:
        failures = await clean(services, timeout)
        if failures:
            raise ExceptionGroup("cleanups", failures)
    else:
        failures = await clean(services, timeout)
        both = [run_error]
        if failures:
            both.append(ExceptionGroup("cleanups", failures))
        raise ExceptionGroup("all", both)


async def clean(services, timeout):
    failures = []
    for service in reversed(services):
        try:
            with anyio.CancelScope(shield=True):
                with anyio.move_on_after(timeout) as limit:
                    await service.cleanup()
        except Exception as error:
            failures.append(error)
        if limit.cancel_called:
            failures.append(TimeoutError(f"{service.name} hangs"))
    return failures


async def together(services, stop, grace, hurry, timeout):
    failures = []
    await anyio.lowlevel.checkpoint()

    async def one(service):
        try:
            await service.run(stop)
        except Exception as error:
            failures.append(error)
            stop.set()

    async def enforce(scope):
        await stop.wait()
        await hurry(grace)
        scope.cancel()

    async with cleaned(services, timeout):
        async with anyio.create_task_group() as watching:
            async with anyio.create_task_group() as running:
                watching.start_soon(enforce, running.cancel_scope)
                for service in services:
                    running.start_soon(one, service)
            watching.cancel_scope.cancel()
        if failures:
            raise ExceptionGroup("services", failures)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await together(services, stop, grace, anyio.sleep, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop = anyio.Event()
    second = anyio.Event()

    async def hurry(seconds):
        with anyio.move_on_after(seconds):
            await second.wait()

    with anyio.open_signal_receiver(*signals) as stream:
        async with anyio.create_task_group() as tg:

            async def signalled():
                count = 0
                async for _ in stream:
                    count += 1
                    (stop if count == 1 else second).set()

            tg.start_soon(signalled)
            await together(services, stop, grace, hurry, cleanup_timeout)
            tg.cancel_scope.cancel()
