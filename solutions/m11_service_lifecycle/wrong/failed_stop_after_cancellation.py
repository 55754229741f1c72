"""After a cancellation from outside a service that raises while it stops counts as stopped.

Base: none
Breaks: R4
"""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Protocol

import anyio
from anyio.abc import TaskStatus


class Service(Protocol):
    """Something that runs for as long as the program does. Given."""

    name: str
    requires: Sequence[str]
    """Names of the services that must be running while this one does."""

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        """Start, call `task_status.started()` when ready, then work until cancelled."""

    async def check(self) -> None:
        """Raise if unhealthy."""


class State(StrEnum):
    """Where a service is in its life. Given."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class StartError(Exception):
    """A service did not start. Given."""


class Unit:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.state = State.PENDING
        self.healthy = True
        self.ready = anyio.Event()
        self.ended = anyio.Event()
        self.scope = anyio.CancelScope(shield=True)
        self.stopped = False
        self.is_ready = False

    def started(self, value: None = None) -> None:
        self.is_ready = True
        self.scope.deadline = math.inf
        if self.state is State.STARTING:
            self.state = State.RUNNING
        self.ready.set()


class Host:
    def __init__(self, services: Sequence[Service], start_timeout: float) -> None:
        self._units = {service.name: Unit(service) for service in services}
        self._start_timeout = start_timeout
        self._errors: list[Exception] = []
        self._front = anyio.CancelScope()
        self._over = False
        self._cut = False

    def state(self, name: str) -> State:
        return self._units[name].state

    def healthy(self, name: str) -> bool:
        return self._units[name].healthy

    async def serve(self, unit: Unit) -> None:
        service = unit.service
        error: Exception | None = None
        try:
            with unit.scope:
                for name in service.requires:
                    await self._units[name].ready.wait()
                if self._over or unit.stopped:
                    return
                unit.state = State.STARTING
                unit.scope.deadline = anyio.current_time() + self._start_timeout
                await service.run(task_status=unit)
        except Exception as caught:
            error = caught
        except BaseException:
            unit.state = State.FAILED
            raise
        finally:
            unit.ended.set()
        if unit.state is not State.PENDING:
            self._note_end(unit, error)

    def _note_end(self, unit: Unit, error: Exception | None) -> None:
        name = unit.service.name
        if unit.stopped:
            unit.state = State.FAILED if error and not self._cut else State.STOPPED
            if error:
                self._errors.append(error)
        elif not unit.is_ready:
            unit.state = State.FAILED
            failure = StartError(f"{name} did not start")
            failure.__cause__ = error
            self._errors.append(failure)
            self._fail()
        elif self._over and error is None:
            unit.state = State.STOPPED
        else:
            unit.state = State.FAILED
            self._errors.append(error or RuntimeError(f"{name} returned"))
            self._fail()

    def _fail(self) -> None:
        self._front.cancel()

    async def watch(self, interval: float, timeout: float) -> None:
        start = anyio.current_time()
        async with anyio.create_task_group() as group:
            count = 0
            while True:
                count += 1
                await anyio.sleep_until(start + count * interval)
                for unit in self._units.values():
                    group.start_soon(self._check, unit, timeout)

    async def _check(self, unit: Unit, timeout: float) -> None:
        try:
            with anyio.move_on_after(timeout) as scope:
                await unit.service.check()
        except Exception:
            unit.healthy = False
        else:
            unit.healthy = not scope.cancelled_caught

    async def stop(self) -> None:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                for unit in self._units.values():
                    group.start_soon(self._stop_one, unit)

    async def _stop_one(self, unit: Unit) -> None:
        for other in self._units.values():
            if unit.service.name in other.service.requires:
                await other.ended.wait()
        unit.stopped = not unit.ended.is_set()
        if unit.state in (State.STARTING, State.RUNNING) and unit.stopped:
            unit.state = State.STOPPING
        unit.scope.cancel()
        await unit.ended.wait()


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    names = [service.name for service in services]
    if len(set(names)) < len(names):
        raise ValueError("two services of one name")
    if any(name not in names for service in services for name in service.requires):
        raise ValueError("unknown name")
    order = _in_order(services)
    host = Host(order, start_timeout)
    async with anyio.create_task_group() as group:
        try:
            with host._front:
                for unit in host._units.values():
                    group.start_soon(host.serve, unit)
                for unit in host._units.values():
                    await unit.ready.wait()
                async with anyio.create_task_group() as checks:
                    checks.start_soon(host.watch, health_interval, check_timeout)
                    yield host
                    checks.cancel_scope.cancel()
        except Exception as error:
            host._over = True
            await host.stop()
            if host._errors:
                raise ExceptionGroup("block and services failed", [error, *host._errors]) from None
            raise
        except BaseException:
            host._over = True
            host._cut = True
            await host.stop()
            raise
        host._over = True
        await host.stop()
        if len(host._errors) == 1:
            raise host._errors[0]
        if host._errors:
            raise ExceptionGroup("services failed", host._errors)


def _in_order(services: Sequence[Service]) -> list[Service]:
    """Return the services, each after all that it requires. Given; its names must be known, and different.

    Raises:
        graphlib.CycleError: they go round in a circle. It is a `ValueError`.
    """
    by_name = {service.name: service for service in services}
    graph = TopologicalSorter({service.name: service.requires for service in services})
    return [by_name[name] for name in graph.static_order()]
