"""Built on the closure of what is required: a service waits for indirect dependants too. Nothing is dropped."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from graphlib import TopologicalSorter
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
    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.sick: set[str] = set()

    def state(self, name: str) -> State:
        return self.states.get(name, State.PENDING)

    def healthy(self, name: str) -> bool:
        return name not in self.sick


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    table = {}
    for s in services:
        if s.name in table:
            raise ValueError(s.name)
        table[s.name] = s
    order = list(TopologicalSorter({s.name: set(s.requires) for s in services}).static_order())
    if set(order) != set(table):
        raise ValueError("unknown")
    below: dict[str, set[str]] = {}
    for name in order:
        below[name] = set(table[name].requires).union(*(below[r] for r in table[name].requires))
    above = {name: {other for other in order if name in below[other]} for name in order}

    host = Host()
    up = {name: anyio.Event() for name in order}
    ended = {name: anyio.Event() for name in order}
    ask = {name: anyio.Event() for name in order}

    async def serve(service: Service) -> None:
        name = service.name
        try:
            for other in below[name]:
                await up[other].wait()
            with anyio.CancelScope(shield=True):
                await guarded(service, name)
        finally:
            ended[name].set()

    async def guarded(service: Service, name: str) -> None:
        host.states[name] = State.STARTING

        async def work(*, task_status: TaskStatus[None]) -> None:
            await service.run(task_status=task_status)

        async def cancel_when_asked() -> None:
            await ask[name].wait()
            if host.states[name] in (State.STARTING, State.RUNNING):
                host.states[name] = State.STOPPING
            group.cancel_scope.cancel()

        async def start_and_stay(*, task_status: TaskStatus[None]) -> None:
            try:
                await work(task_status=task_status)
            except Exception:
                host.states[name] = State.FAILED
                raise
            if host.states[name] is State.RUNNING:
                host.states[name] = State.FAILED
                raise RuntimeError(f"{name} is not meant to return")

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(cancel_when_asked)
                async with anyio.create_task_group() as inner:
                    try:
                        with anyio.move_on_after(start_timeout) as timer:
                            await inner.start(start_and_stay)
                    except Exception as error:
                        raise StartError(f"service {name!r}: {error!r}") from error
                    if timer.cancelled_caught:
                        raise StartError(f"service {name!r}: too slow")
                    if host.states[name] is State.STARTING:
                        host.states[name] = State.RUNNING
                        up[name].set()
                group.cancel_scope.cancel()
        except BaseException:
            host.states[name] = State.FAILED
            raise
        host.states[name] = State.STOPPED

    async def stop(name: str) -> None:
        for other in above[name]:
            await ended[other].wait()
        ask[name].set()

    async def check(service: Service) -> None:
        try:
            with anyio.fail_after(check_timeout):
                await service.check()
        except Exception:
            host.sick.add(service.name)
        else:
            host.sick.discard(service.name)

    async def tick() -> None:
        start = anyio.current_time()
        async with anyio.create_task_group() as tg:
            n = 1
            while True:
                await anyio.sleep_until(start + n * health_interval)
                n += 1
                for service in services:
                    tg.start_soon(check, service)

    async with anyio.create_task_group() as group:
        try:
            for service in services:
                group.start_soon(serve, service)
            for event in up.values():
                await event.wait()
            async with anyio.create_task_group() as health:
                health.start_soon(tick)
                try:
                    yield host
                finally:
                    health.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as stops:
                    for name in order:
                        stops.start_soon(stop, name)
