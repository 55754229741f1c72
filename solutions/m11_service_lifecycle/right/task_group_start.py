"""Built with `TaskGroup.start` inside a task group for each service; the errors are collected and raised at the end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

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
    def __init__(self, services: Sequence[Service]) -> None:
        self.states = {s.name: State.PENDING for s in services}
        self.health = {s.name: True for s in services}

    def state(self, name: str) -> State:
        return self.states[name]

    def healthy(self, name: str) -> bool:
        return self.health[name]


def validate(services: Sequence[Service]) -> None:
    known: set[str] = set()
    for s in services:
        if s.name in known:
            raise ValueError(f"duplicate service {s.name}")
        known.add(s.name)
    for s in services:
        if missing := set(s.requires) - known:
            raise ValueError(f"{s.name} requires unknown {sorted(missing)}")
    todo = {s.name: set(s.requires) for s in services}
    while todo:
        free = [name for name, needs in todo.items() if not needs]
        if not free:
            raise ValueError(f"circular requirement among {sorted(todo)}")
        for name in free:
            del todo[name]
        for needs in todo.values():
            needs.difference_update(free)


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    validate(services)
    host = Host(services)
    ready = {s.name: anyio.Event() for s in services}
    over = {s.name: anyio.Event() for s in services}
    scopes: dict[str, anyio.CancelScope] = {}
    stopping: set[str] = set()
    failures: dict[str, Exception] = {}
    errors: list[Exception] = []
    block = anyio.CancelScope()

    async def supervise(service: Service) -> None:
        name = service.name
        try:
            for needed in service.requires:
                await ready[needed].wait()
            host.states[name] = State.STARTING
            with anyio.CancelScope(shield=True) as scope:
                scopes[name] = scope
                await lead(service)
            if name in failures:
                raise failures[name]
            host.states[name] = State.STOPPED
        except Exception as error:
            host.states[name] = State.FAILED
            errors.append(error)
            block.cancel()
        finally:
            over[name].set()

    async def lead(service: Service) -> None:
        name = service.name

        async def run(*, task_status: TaskStatus[None]) -> None:
            try:
                await service.run(task_status=task_status)
            except Exception as error:
                failures[name] = error
            else:
                if name not in stopping:
                    failures[name] = RuntimeError(f"service {name} returned")

        async with anyio.create_task_group() as own:
            try:
                with anyio.fail_after(start_timeout):
                    await own.start(run)
            except (TimeoutError, RuntimeError) as error:
                raise StartError(f"service {name} did not start") from failures.pop(name, error)
            if name not in failures:
                host.states[name] = State.RUNNING
                ready[name].set()

    async def health_loop() -> None:
        tick = anyio.current_time()
        async with anyio.create_task_group() as checks:
            while True:
                tick += health_interval
                await anyio.sleep_until(tick)
                for service in services:
                    checks.start_soon(check, service)

    async def check(service: Service) -> None:
        healthy = False
        try:
            with anyio.move_on_after(check_timeout):
                await service.check()
                healthy = True
        except Exception:
            healthy = False
        host.health[service.name] = healthy

    async def stop(service: Service) -> None:
        for other in services:
            if service.name in other.requires:
                await over[other.name].wait()
        stopping.add(service.name)
        if service.name in scopes and not over[service.name].is_set():
            host.states[service.name] = State.STOPPING
            scopes[service.name].cancel()

    async with anyio.create_task_group() as tasks:
        try:
            with block:
                async with anyio.create_task_group() as starting:
                    for service in services:
                        tasks.start_soon(supervise, service)
                    for service in services:
                        starting.start_soon(ready[service.name].wait)
                async with anyio.create_task_group() as watch:
                    watch.start_soon(health_loop)
                    yield host
                    watch.cancel_scope.cancel()
        except Exception as error:
            errors.append(error)
        finally:
            tasks.cancel_scope.cancel()  # those that wait to be started; the others are shielded
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as stops:
                    for service in services:
                        stops.start_soon(stop, service)
                for event in over.values():
                    await event.wait()
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("services failed", errors)
