"""Built as a class with `__aenter__` and `__aexit__`; each service waits for its own stop."""

import math
from collections.abc import Sequence
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any, Protocol, Self

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
        self.entries: dict[str, Entry] = {}

    def state(self, name: str) -> State:
        return self.entries[name].state

    def healthy(self, name: str) -> bool:
        return self.entries[name].healthy


class Entry:
    def __init__(self, service: Service, owner: "running") -> None:
        self.service, self.owner = service, owner
        self.state, self.healthy = State.PENDING, True
        self.up, self.down = anyio.Event(), anyio.Event()

    @property
    def users(self) -> list["Entry"]:
        return [e for e in self.owner.host.entries.values() if self.service.name in e.service.requires]

    async def main(self) -> None:
        entries = self.owner.host.entries
        try:
            for name in self.service.requires:
                await entries[name].up.wait()
            if self.owner.stop.is_set():
                return
            with anyio.CancelScope(shield=True):
                await self.life()
        finally:
            self.down.set()

    async def life(self) -> None:
        self.state = State.STARTING
        async with anyio.create_task_group() as tg:
            tg.start_soon(self.end_when_asked, tg.cancel_scope)
            timer = anyio.CancelScope(deadline=anyio.current_time() + self.owner.start_timeout)

            class Status:
                def started(_, value: Any = None) -> None:
                    timer.deadline = math.inf
                    self.state = State.RUNNING
                    self.up.set()

            try:
                with timer:
                    await self.service.run(task_status=Status())
            except Exception as error:
                problem: Exception | None = error
            else:
                problem = None
            if self.state is State.STARTING and not self.owner.stop.is_set():
                self.state = State.FAILED
                raise StartError(f"could not start {self.service.name}") from problem
            if self.state is State.RUNNING and not self.owner.stop.is_set():
                self.state = State.FAILED
                raise problem or RuntimeError(f"{self.service.name} finished")
            if problem:
                self.state = State.FAILED
                raise problem
            self.state = State.STOPPED
            tg.cancel_scope.cancel()
        if self.state is State.STOPPING:
            self.state = State.STOPPED

    async def end_when_asked(self, scope: anyio.CancelScope) -> None:
        await self.owner.stop.wait()
        for user in self.users:
            await user.down.wait()
        self.state = State.STOPPING
        scope.cancel()

    async def watch(self, begin: float) -> None:
        tick = begin
        while True:
            while tick <= anyio.current_time():
                tick += self.owner.health_interval
            await anyio.sleep_until(tick)
            try:
                with anyio.fail_after(self.owner.check_timeout):
                    await self.service.check()
            except Exception:
                self.healthy = False
            else:
                self.healthy = True


class running:
    def __init__(
        self,
        services: Sequence[Service],
        *,
        start_timeout: float,
        health_interval: float = 10.0,
        check_timeout: float = 1.0,
    ) -> None:
        names = [s.name for s in services]
        if len(set(names)) != len(names) or any(n not in names for s in services for n in s.requires):
            raise ValueError("names")
        list(TopologicalSorter({s.name: s.requires for s in services}).static_order())
        self.services = services
        self.start_timeout, self.health_interval, self.check_timeout = start_timeout, health_interval, check_timeout

    async def __aenter__(self) -> Host:
        self.host, self.stop = Host(), anyio.Event()
        self.host.entries.update({s.name: Entry(s, self) for s in self.services})
        self.group = anyio.create_task_group()
        await self.group.__aenter__()
        try:
            for entry in self.host.entries.values():
                self.group.start_soon(entry.main)
            for entry in self.host.entries.values():
                await entry.up.wait()
        except BaseException as error:
            self.stop.set()
            if await self.group.__aexit__(type(error), error, error.__traceback__):
                raise AssertionError("a failed start must raise") from error
            raise
        self.checks = anyio.CancelScope()
        self.group.start_soon(self.check_all, anyio.current_time())
        return self.host

    async def check_all(self, begin: float) -> None:
        with self.checks:
            async with anyio.create_task_group() as tg:
                for entry in self.host.entries.values():
                    tg.start_soon(entry.watch, begin)

    async def __aexit__(self, *exc: Any) -> bool | None:
        self.checks.cancel()
        self.stop.set()
        return await self.group.__aexit__(*exc)
