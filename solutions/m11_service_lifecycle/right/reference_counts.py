"""Counts: a service starts when the count of what it waits for is zero, and stops when nobody counts on it any more."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any, Protocol

import anyio
from anyio.abc import TaskStatus


class Service(Protocol):
    name: str
    requires: Sequence[str]

    async def run(self, *, task_status: TaskStatus[None]) -> None: ...

    async def check(self) -> None: ...


class State(StrEnum):
    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class StartError(Exception):
    pass


class Count:
    """A number that is waited for to become zero."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.zero = anyio.Event()
        self.less(0)

    def less(self, by: int = 1) -> None:
        self.number -= by
        if self.number == 0:
            self.zero.set()


class Unit:
    def __init__(self, service: Service, users: list[str]) -> None:
        self.service = service
        self.missing = Count(len(set(service.requires)))
        self.users = Count(len(users))
        self.ready = self.over = False
        self.told = False
        self.waiting, self.scope = anyio.CancelScope(), anyio.CancelScope(shield=True)
        self.state = State.PENDING
        self.well = True


class Host(dict[str, Unit]):
    """Name → unit."""

    def state(self, name: str) -> State:
        return self[name].state

    def healthy(self, name: str) -> bool:
        return self[name].well


class Announcer(TaskStatus[None]):
    def __init__(self, act: Any) -> None:
        self.started = act  # type: ignore[method-assign]

    def started(self, value: Any = None) -> None: ...


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    needs = {service.name: {*service.requires} for service in services}
    if len(needs) != len(services) or any(name not in needs for some in needs.values() for name in some):
        raise ValueError("names must be known, and different")
    TopologicalSorter(needs).prepare()
    users = {name: [other for other, some in needs.items() if name in some] for name in needs}
    host = Host({service.name: Unit(service, users[service.name]) for service in services})
    starting = Count(len(host))
    errors: list[BaseException] = []

    def fail(unit: Unit, error: BaseException, inner: anyio.CancelScope) -> None:
        unit.state = State.FAILED
        errors.append(error)
        inner.cancel()

    async def live(name: str, unit: Unit, inner: anyio.CancelScope) -> None:
        try:
            with unit.waiting:
                await anyio.lowlevel.checkpoint()
                await unit.missing.zero.wait()
            if unit.waiting.cancelled_caught or inner.cancel_called:
                return

            def ready(value: Any = None) -> None:
                if unit.ready or unit.scope.cancel_called:
                    return
                unit.ready, unit.state, unit.scope.deadline = True, State.RUNNING, math.inf
                starting.less()
                for other in users[name]:
                    host[other].missing.less()

            unit.state = State.STARTING
            try:
                with unit.scope:
                    unit.scope.deadline = anyio.current_time() + start_timeout
                    await unit.service.run(task_status=Announcer(ready))
            except Exception as error:
                if unit.ready or unit.told:
                    fail(unit, error, inner)
                else:
                    refused = StartError(f"{name} cannot start")
                    refused.__cause__ = error
                    fail(unit, refused, inner)
            else:
                if unit.told:
                    unit.state = State.STOPPED
                elif unit.ready:
                    fail(unit, RuntimeError(f"{name} ended"), inner)
                else:
                    fail(unit, StartError(f"{name} did not get ready"), inner)
        finally:
            unit.over = True
            for other in needs[name]:
                host[other].users.less()

    async def end(unit: Unit) -> None:
        await unit.users.zero.wait()
        unit.told = True
        if unit.state in (State.STARTING, State.RUNNING):
            unit.state = State.STOPPING
        unit.scope.cancel()

    async def check(unit: Unit) -> None:
        try:
            with anyio.fail_after(check_timeout):
                await unit.service.check()
        except Exception:
            unit.well = False
        else:
            unit.well = True

    async def look_after() -> None:
        begin, rounds = anyio.current_time(), 0
        async with anyio.create_task_group() as group:
            while True:
                rounds += 1
                await anyio.sleep_until(begin + rounds * health_interval)
                for unit in host.values():
                    group.start_soon(check, unit)

    async with anyio.create_task_group() as outer:
        inner = anyio.CancelScope()
        for name, unit in host.items():
            outer.start_soon(live, name, unit, inner)
        try:
            with inner:
                await starting.zero.wait()
                async with anyio.create_task_group() as body:
                    body.start_soon(look_after)
                    yield host
                    body.cancel_scope.cancel()
        except Exception as error:
            errors.append(error)
        finally:
            for unit in host.values():
                unit.waiting.cancel()
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as stops:
                    for unit in host.values():
                        stops.start_soon(end, unit)
    if errors:
        raise errors[0] if len(errors) == 1 else BaseExceptionGroup("services", errors)
