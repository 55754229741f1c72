"""Built with subclasses of `list` and `ExceptionGroup`, and a condition that counts who still runs; a cleanup that was given up may leave two errors, and the first signal after an error cancels."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class ShutdownErrors(ExceptionGroup):
    def derive(self, excs):
        return ShutdownErrors(self.message, excs)


class Errors(list):
    def leave(self):
        if self:
            raise ShutdownErrors("not all went well", self)


class Host:
    def __init__(self, services, grace, cleanup_timeout):
        self.services = list(services)
        self.grace, self.cleanup_timeout = grace, cleanup_timeout
        self.told, self.hurry = anyio.Event(), anyio.Event()
        self.errors = Errors()
        self.left = len(self.services)
        self.changed = anyio.Condition()

    async def one(self, service):
        try:
            await service.run(self.told)
        except Exception as error:
            self.errors.append(error)
            self.told.set()
        self.left -= 1
        async with self.changed:
            self.changed.notify_all()

    async def bound(self, running):
        await self.told.wait()
        with anyio.move_on_after(self.grace):
            await self.hurry.wait()
        running.cancel()

    async def tell(self, stop):
        await stop.wait()
        self.told.set()

    async def listen(self, received):
        async for _ in received:
            if self.told.is_set():
                self.hurry.set()
            self.told.set()

    async def until_all_returned(self):
        async with self.changed:
            while self.left:
                await self.changed.wait()

    async def work(self, *helpers):
        async with anyio.create_task_group() as around:
            async with anyio.create_task_group() as running:
                for service in self.services:
                    running.start_soon(self.one, service)
                around.start_soon(self.bound, running.cancel_scope)
                for helper, argument in helpers:
                    around.start_soon(helper, argument)
                await self.until_all_returned()
            around.cancel_scope.cancel()

    async def clean_up(self):
        for service in reversed(self.services):
            scope = anyio.CancelScope(deadline=anyio.current_time() + self.cleanup_timeout, shield=True)
            try:
                with scope:
                    await service.cleanup()
            except Exception as error:
                self.errors.append(error)
                if scope.cancel_called:
                    self.errors.append(TimeoutError(service.name))
            else:
                if scope.cancelled_caught:
                    self.errors.append(TimeoutError(service.name))


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    host = Host(services, grace, cleanup_timeout)
    try:
        await host.work((host.tell, stop))
    finally:
        await host.clean_up()
    host.errors.leave()


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    host = Host(services, grace, cleanup_timeout)
    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as listening:
            listening.start_soon(host.listen, received)
            try:
                await host.work()
            finally:
                await host.clean_up()
            listening.cancel_scope.cancel()
    host.errors.leave()
