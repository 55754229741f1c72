"""Each service has a task that runs it, one that stops it and one that checks it; all wait on events. Errors are subclasses."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
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


class Host:
    def state(self, name: str) -> State:
        raise NotImplementedError

    def healthy(self, name: str) -> bool:
        raise NotImplementedError


class LiveHost(Host):
    def __init__(self, names: list[str]) -> None:
        self.states = dict.fromkeys(names, State.PENDING)
        self.sick: set[str] = set()

    def state(self, name: str) -> State:
        return self.states[name]

    def healthy(self, name: str) -> bool:
        return name not in self.sick


class NotReady(StartError):
    pass


class Crashed(RuntimeError):
    pass


class BadServices(ValueError):
    pass


def refuse(services: Sequence[Service]) -> None:
    names = [service.name for service in services]
    required = {service.name: set(service.requires) for service in services}
    if len(required) != len(names):
        raise BadServices("two services of one name")
    if unknown := set().union(*required.values()) - set(names):
        raise BadServices(f"unknown: {unknown}")
    while required:
        free = [name for name, needed in required.items() if not needed & set(required)]
        if not free:
            raise BadServices(f"a circle among {sorted(required)}")
        for name in free:
            del required[name]


class Ready(TaskStatus[None]):
    """What a service gets as `task_status`."""

    def __init__(self, host: LiveHost, name: str, scope: anyio.CancelScope, up: anyio.Event) -> None:
        self.host, self.name, self.scope, self.up = host, name, scope, up

    def started(self, value: Any = None) -> None:
        if not self.scope.cancel_called:
            self.scope.deadline = math.inf
            self.host.states[self.name] = State.RUNNING
            self.up.set()


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    services = list(services)
    refuse(services)
    names = [service.name for service in services]
    host = LiveHost(names)
    up = {name: anyio.Event() for name in names}
    down = {name: anyio.Event() for name in names}
    scopes = {name: anyio.CancelScope(shield=True) for name in names}
    asked: set[str] = set()

    async def run(service: Service) -> None:
        name = service.name
        try:
            await anyio.lowlevel.checkpoint()
            for needed in service.requires:
                await up[needed].wait()
            host.states[name] = State.STARTING
            try:
                with scopes[name] as scope:
                    scope.deadline = anyio.current_time() + start_timeout
                    await service.run(task_status=Ready(host, name, scope, up[name]))
            except Exception as error:
                if up[name].is_set() or name in asked:
                    raise
                raise NotReady(f"{name} did not get ready") from error
            if name not in asked:
                raise Crashed(f"{name} returned") if up[name].is_set() else NotReady(f"{name} is not ready")
            host.states[name] = State.STOPPED
        except Exception:
            host.states[name] = State.FAILED
            raise
        finally:
            down[name].set()

    async def stop(service: Service) -> None:
        for other in services:
            if service.name in other.requires:
                await down[other.name].wait()
        asked.add(service.name)
        if not down[service.name].is_set():
            host.states[service.name] = State.STOPPING
        scopes[service.name].cancel()

    async def look_after(service: Service) -> None:
        moment = anyio.current_time()
        while True:
            while moment <= anyio.current_time():
                moment += health_interval
            await anyio.sleep_until(moment)
            try:
                with anyio.fail_after(check_timeout):
                    await service.check()
                host.sick.discard(service.name)
            except Exception:
                host.sick.add(service.name)

    async with anyio.create_task_group() as group:
        watching = anyio.CancelScope()

        async def watch() -> None:
            with watching:
                async with anyio.create_task_group() as watchers:
                    for service in services:
                        watchers.start_soon(look_after, service)

        try:
            for service in services:
                group.start_soon(run, service, name=service.name)
            for event in up.values():
                await event.wait()
            group.start_soon(watch)
            yield host
        finally:
            watching.cancel()
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as stops:
                    for service in services:
                        stops.start_soon(stop, service)
