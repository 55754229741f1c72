"""Built with an unpacking manager around the task group: a single error leaves bare, several in one flat group."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Protocol

from anyio import CancelScope, Event, create_task_group, current_time, fail_after, sleep_until
from anyio.abc import TaskStatus
from anyio.lowlevel import checkpoint


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
    def __init__(self, lives: "dict[str, _Life]") -> None:
        self._lives = lives

    def state(self, name: str) -> State:
        return self._lives[name].state

    def healthy(self, name: str) -> bool:
        return self._lives[name].healthy


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    async with _bare(), create_task_group() as group:
        try:
            for life in lives.values():
                group.start_soon(life.live, start_timeout)
            for life in lives.values():
                await life.ready.wait()
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        finally:
            checking.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)


@asynccontextmanager
async def _bare():
    try:
        yield
    except BaseExceptionGroup as group:
        found = []

        def flat(e):
            if isinstance(e, BaseExceptionGroup):
                for x in e.exceptions:
                    flat(x)
            else:
                found.append(e)

        flat(group)
        if len(found) == 1:
            raise found[0]
        raise BaseExceptionGroup("failed", found)


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    lives = {service.name: _Life(service) for service in services}
    if len(lives) < len(services):
        raise ValueError("two services have the same name")
    for life in lives.values():
        for name in life.service.requires:
            if name not in lives:
                raise ValueError(f"{life.service.name!r} requires {name!r}, which is not there")
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    TopologicalSorter({name: life.service.requires for name, life in lives.items()}).prepare()
    return lives


class _Life(TaskStatus[None]):
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.healthy = True
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False

    def started(self, value: None = None) -> None:
        if self._scope.cancel_called:
            return
        self._scope.deadline = math.inf
        self.state = State.RUNNING
        self.ready.set()

    async def live(self, start_timeout: float) -> None:
        try:
            for _ in range(5):
                await checkpoint()
            for life in self.requires:
                await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.ended.set()

    async def _run(self, start_timeout: float) -> None:
        name = self.service.name
        try:
            with self._scope:
                self._scope.deadline = current_time() + start_timeout
                await self.service.run(task_status=self)
        except Exception as error:
            if self.ready.is_set() or self._stopping:
                raise
            raise StartError(f"{name!r} did not start: {error}") from error
        if self._stopping:
            return
        if self.ready.is_set():
            raise RuntimeError(f"{name!r} ended by itself")
        raise StartError(f"{name!r} was not ready within {start_timeout} s, or ended before")

    async def stop(self) -> None:
        for life in self.dependants:
            await life.ended.wait()
        await checkpoint()
        self._stopping = True
        if not self.ended.is_set():
            self.state = State.STOPPING
        self._scope.cancel()


async def _check_health(lives: Sequence[_Life], interval: float, timeout: float, until: CancelScope) -> None:

    async def check(life: _Life) -> None:
        try:
            with fail_after(timeout):
                await life.service.check()
        except BaseException as error:
            life.healthy = False
            if not isinstance(error, Exception):
                raise
        else:
            life.healthy = True

    with until:
        async with create_task_group() as checks:
            moment = current_time()
            while True:
                moment += interval
                await sleep_until(moment)
                for life in lives:
                    checks.start_soon(check, life)
