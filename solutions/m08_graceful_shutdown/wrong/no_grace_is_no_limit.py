"""A grace of 0 means that there is no limit.

Base: none
Breaks: R2
"""

import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class Cleanup(ExceptionGroup):
    """Kind of group that leaves."""

    def derive(self, excs):
        return Cleanup(self.message, excs)


async def run_until(
    services: Sequence[Service],
    stop: anyio.Event,
    *,
    grace: float,
    cleanup_timeout: float,
    now: anyio.Event | None = None,
) -> None:
    errors: list[Exception] = []
    scopes = {index: anyio.CancelScope() for index in range(len(services))}
    all_done = anyio.Event()
    now = now or anyio.Event()

    async def run(index: int) -> None:
        try:
            with scopes[index]:
                try:
                    await services[index].run(stop)
                except* Exception as caught:
                    errors.extend(caught.exceptions)
                    stop.set()
        finally:
            del scopes[index]
            if not scopes:
                all_done.set()

    async def set_after(event: anyio.Event, target: anyio.Event) -> None:
        await event.wait()
        target.set()

    try:
        if services:
            async with anyio.create_task_group() as helpers:
                for index in range(len(services)):
                    helpers.start_soon(run, index)
                either = anyio.Event()
                helpers.start_soon(set_after, stop, either)
                helpers.start_soon(set_after, all_done, either)
                await either.wait()
                if not all_done.is_set():
                    with anyio.move_on_after(grace or None):
                        pressed = anyio.Event()
                        helpers.start_soon(set_after, now, pressed)
                        helpers.start_soon(set_after, all_done, pressed)
                        await pressed.wait()
                    for scope in list(scopes.values()):
                        scope.cancel()
                    await all_done.wait()
                helpers.cancel_scope.cancel()
    finally:
        for service in services[::-1]:
            try:
                with anyio.fail_after(cleanup_timeout, shield=True):
                    await service.cleanup()
            except Exception as error:
                errors.append(error)
    if errors:
        raise Cleanup("in services", errors)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, now = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as group:

            async def listen() -> None:
                with suppress(StopAsyncIteration):
                    for event in (stop, now):
                        await anext(received)
                        event.set()
                    while True:
                        await anext(received)

            group.start_soon(listen)
            try:
                await run_until(services, stop, grace=grace, cleanup_timeout=cleanup_timeout, now=now)
            finally:
                group.cancel_scope.cancel()
