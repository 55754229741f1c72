"""After a signal nobody asks for errors.

Base: none
Breaks: R4
"""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


def _leaves(error):
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await _supervise(services, stop, None, grace, cleanup_timeout)


async def _supervise(services, stop, second, grace, cleanup_timeout):
    failures = []
    failed = anyio.Event()
    tell = anyio.Event()

    async def call(service):
        try:
            await service.run(tell)
        except Exception as error:
            failures.extend(_leaves(error))
            failed.set()

    async def kill_on(event, scope, delay):
        await event.wait()
        tell.set()
        await anyio.sleep(delay)
        scope.cancel()

    async def clean(service):
        with anyio.CancelScope(shield=True):
            try:
                with anyio.fail_after(cleanup_timeout):
                    await service.cleanup()
            except Exception as error:
                failures.extend(_leaves(error))

    try:
        async with anyio.create_task_group() as killers:
            with anyio.CancelScope() as work:
                killers.start_soon(kill_on, stop, work, grace)
                killers.start_soon(kill_on, failed, work, grace)
                if second is not None:
                    killers.start_soon(kill_on, second, work, 0)
                async with anyio.create_task_group() as group:
                    for service in services:
                        group.start_soon(call, service)
            killers.cancel_scope.cancel()
    finally:
        for service in reversed(services):
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as group:
                    group.start_soon(clean, service)
    if failures:
        raise ExceptionGroup("failures", failures)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    first, second = anyio.Event(), anyio.Event()

    async def listen(source):
        async for _ in source:
            (second if first.is_set() else first).set()

    with anyio.open_signal_receiver(*signals) as source:
        async with anyio.create_task_group() as group:
            group.start_soon(listen, source)
            try:
                await _supervise(services, first, second, grace, cleanup_timeout)
            except ExceptionGroup:
                if not first.is_set():
                    raise
            group.cancel_scope.cancel()
