"""Built with a class: a scope for each service, whose deadline is set when the shutdown begins, and an event for each."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class Runner:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.told = anyio.Event()
        self.scope = anyio.CancelScope()
        self.error: Exception | None = None

    async def run(self, host: "Host") -> None:
        try:
            with self.scope:
                await self.service.run(self.told)
        except Exception as error:
            self.error = error
            host.shut_down()

    async def cleanup(self, timeout: float) -> list[Exception]:
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + timeout) as scope:
            try:
                await self.service.cleanup()
            except Exception as error:
                return [error]
        return [TimeoutError(self.service.name)] if scope.cancelled_caught else []


class Host:
    def __init__(self, services: Sequence[Service], grace: float, cleanup_timeout: float) -> None:
        self.runners = [Runner(service) for service in services]
        self.grace, self.cleanup_timeout = grace, cleanup_timeout
        self.stopping = False
        self.signals_seen = 0

    def shut_down(self) -> None:
        if not self.stopping:
            self.stopping = True
            deadline = anyio.current_time() + self.grace
            for runner in self.runners:
                runner.scope.deadline = deadline
                runner.told.set()

    def signalled(self) -> None:
        self.signals_seen += 1
        if self.signals_seen == 1:
            self.shut_down()
        else:
            for runner in self.runners:
                runner.scope.cancel()

    async def run(self) -> None:
        try:
            async with anyio.create_task_group() as group:
                for runner in self.runners:
                    group.start_soon(runner.run, self, name=runner.service.name)
        finally:
            failures: list[Exception] = []
            for runner in reversed(self.runners):
                failures += await runner.cleanup(self.cleanup_timeout)
        errors = [runner.error for runner in self.runners if runner.error is not None]
        if errors or failures:
            raise ExceptionGroup("shutdown", [*errors, *failures])


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    host = Host(services, grace, cleanup_timeout)

    async def wait_for_stop() -> None:
        await stop.wait()
        host.shut_down()

    async with anyio.create_task_group() as group:
        group.start_soon(wait_for_stop)
        await host.run()
        group.cancel_scope.cancel()


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    host = Host(services, grace, cleanup_timeout)

    async def wait_for_signals(received) -> None:
        async for _ in received:
            host.signalled()

    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as group:
            group.start_soon(wait_for_signals, received)
            await host.run()
            group.cancel_scope.cancel()
