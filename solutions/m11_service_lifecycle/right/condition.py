"""Built with one `Condition` that is told of every change of state; the errors leave in one group."""

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
        self.services = {s.name: s for s in services}
        self.states = {s.name: State.PENDING for s in services}
        self.last_check = {s.name: True for s in services}
        self.ending = False

    def state(self, name: str) -> State:
        return self.states[name]

    def healthy(self, name: str) -> bool:
        return self.last_check[name]


OVER = (State.STOPPED, State.FAILED)


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    host = Host(services)
    if len(host.services) != len(services):
        raise ValueError("the same name twice")
    for s in services:
        for other in s.requires:
            if other not in host.services:
                raise ValueError(f"unknown: {other}")
    seen: dict[str, int] = {}

    def visit(name: str) -> None:
        if seen.get(name) == 1:
            raise ValueError(f"circle at {name}")
        if name not in seen:
            seen[name] = 1
            for other in host.services[name].requires:
                visit(other)
            seen[name] = 2

    for s in services:
        visit(s.name)

    changed = anyio.Condition()
    scopes: dict[str, anyio.CancelScope] = {}
    errors: list[Exception] = []
    outer = anyio.CancelScope()

    async def set_state(name: str, state: State) -> None:
        host.states[name] = state
        with anyio.CancelScope(shield=True):
            async with changed:
                changed.notify_all()

    async def wait_until(predicate) -> None:
        async with changed:
            while not predicate():
                await changed.wait()

    async def one(service: Service) -> None:
        name = service.name
        await wait_until(lambda: host.ending or all(host.states[other] is State.RUNNING for other in service.requires))
        if host.ending:
            await set_state(name, State.STOPPED)
            return
        await set_state(name, State.STARTING)
        error: Exception | None = None
        with anyio.CancelScope() as scopes[name]:
            if host.ending:
                scopes[name].cancel()
            try:
                async with anyio.create_task_group() as tg:

                    async def run(*, task_status: TaskStatus[None]) -> None:
                        await service.run(task_status=task_status)
                        if host.states[name] is State.RUNNING:
                            raise RuntimeError(f"{name} returned")

                    try:
                        with anyio.fail_after(start_timeout):
                            await tg.start(run)
                    except Exception as cause:
                        raise StartError(name) from cause
                    await set_state(name, State.RUNNING)
            except ExceptionGroup as group:
                error = group
            except StartError as problem:
                error = problem
            except BaseException:
                host.states[name] = State.FAILED
                raise
        if error is not None:
            errors.append(error)
            await set_state(name, State.FAILED)
            outer.cancel()
        else:
            await set_state(name, State.STOPPED)

    async def stop(service: Service) -> None:
        name = service.name
        users = [s.name for s in services if name in s.requires]
        await wait_until(lambda: all(host.states[user] in OVER for user in users))
        if host.states[name] not in OVER:
            if name in scopes:
                host.states[name] = State.STOPPING
                scopes[name].cancel()

    async def check(service: Service) -> None:
        try:
            with anyio.fail_after(check_timeout):
                await service.check()
            host.last_check[service.name] = True
        except Exception:
            host.last_check[service.name] = False

    async def health(begin: float) -> None:
        async with anyio.create_task_group() as tg:
            count = 0
            while True:
                count += 1
                await anyio.sleep_until(begin + count * health_interval)
                for service in services:
                    tg.start_soon(check, service)

    async with anyio.create_task_group() as background:
        for service in services:
            background.start_soon(shielded, one, service)
        try:
            with outer:
                await wait_until(lambda: all(state is State.RUNNING for state in host.states.values()))
                async with anyio.create_task_group() as tg:
                    tg.start_soon(health, anyio.current_time())
                    try:
                        yield host
                    finally:
                        tg.cancel_scope.cancel()
        except Exception as error:
            errors.append(error)
        finally:
            host.ending = True
            with anyio.CancelScope(shield=True):
                async with changed:
                    changed.notify_all()
                async with anyio.create_task_group() as tg:
                    for service in services:
                        tg.start_soon(stop, service)
    if errors:
        raise ExceptionGroup("services", errors)


async def shielded(function, *args) -> None:
    with anyio.CancelScope(shield=True):
        await function(*args)
