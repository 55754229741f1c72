"""With `stop` set from the start nothing has been opened, so nothing is cleaned up.

Base: none
Breaks: R3
"""

import math
import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class _Run:
    def __init__(self, services, stop, grace, cleanup_timeout):
        self.services = list(services)
        self.stop = stop
        self.early = stop.is_set()
        self.told = anyio.Event()
        self.grace = grace
        self.cleanup_timeout = cleanup_timeout
        self.errors = []
        self.running = len(self.services)
        self.scope = anyio.CancelScope()
        self.impatient = False

    def shut_down(self):
        if not self.told.is_set():
            self.told.set()
            self.scope.deadline = -math.inf if self.impatient else anyio.current_time() + self.grace

    def hurry(self):
        self.impatient = True
        self.told.set()
        self.scope.cancel()

    async def one(self, service, watcher):
        try:
            await service.run(self.told)
        except Exception as error:
            self.errors.append(error)
            self.shut_down()
        except BaseExceptionGroup as group:
            mine, rest = group.split(Exception)
            if mine:
                self.errors.append(mine)
                self.shut_down()
            if rest:
                raise rest from None
        finally:
            self.running -= 1
            if not self.running:
                watcher.cancel()

    async def watch(self, scope):
        with scope:
            await self.stop.wait()
            self.shut_down()

    async def work(self):
        try:
            if self.services:
                with self.scope:
                    async with anyio.create_task_group() as group:
                        watcher = anyio.CancelScope()
                        group.start_soon(self.watch, watcher)
                        for service in self.services:
                            group.start_soon(self.one, service, watcher)
        finally:
            if self.early:
                self.services.clear()
            with anyio.CancelScope(shield=True):
                for service in reversed(self.services):
                    await self.clean(service)
        if self.errors:
            raise ExceptionGroup("services failed", self.errors)

    async def clean(self, service):
        try:
            with anyio.move_on_after(self.cleanup_timeout) as scope:
                await service.cleanup()
        except Exception as error:
            self.errors.append(error)
        else:
            if scope.cancelled_caught:
                self.errors.append(TimeoutError(f"cleanup of {service.name}"))


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await _Run(services, stop, grace, cleanup_timeout).work()


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    if not services:
        return
    run = _Run(services, anyio.Event(), grace, cleanup_timeout)

    async def listen(source):
        count = 0
        async for _ in source:
            count += 1
            if count == 1:
                run.shut_down()
            elif count == 2:
                run.hurry()

    with anyio.open_signal_receiver(*signals) as source:
        async with anyio.create_task_group() as group:
            group.start_soon(listen, source)
            await run.work()
            group.cancel_scope.cancel()
