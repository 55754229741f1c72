"""`TopologicalSorter` itself hands out what may start and, turned round, what may stop; names come through a stream."""

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


class _Run:
    def __init__(self, service: Service, send) -> None:
        self.service, self.send = service, send
        self.state, self.good = State.PENDING, True
        self.scope = anyio.CancelScope(shield=True)
        self.up = self.over = self.asked = False
        self.error: Exception | None = None

    def started(self, value: None = None) -> None:
        self.up = True
        self.scope.deadline = math.inf
        if self.state == State.STARTING:
            self.state = State.RUNNING
        self.send.send_nowait(("up", self))

    async def go(self, start_timeout: float) -> None:
        self.state = State.STARTING
        try:
            with self.scope:
                self.scope.deadline = anyio.current_time() + start_timeout
                await self.service.run(task_status=self)
        except Exception as error:
            self.error = error
        finally:
            self.over = True
            self.state = State.FAILED if self.error or not self.asked else State.STOPPED
            self.send.send_nowait(("over", self))

    def stop(self) -> None:
        if self.state in (State.STARTING, State.RUNNING) and not self.asked:
            self.asked = True
            self.state = State.STOPPING
            self.scope.cancel()

    async def check(self, timeout: float) -> None:
        try:
            with anyio.fail_after(timeout):
                await self.service.check()
        except Exception:
            self.good = False
        else:
            self.good = True


class Host:
    def __init__(self, runs: dict[str, _Run]) -> None:
        self._runs = runs

    def state(self, name: str) -> State:
        return self._runs[name].state

    def healthy(self, name: str) -> bool:
        return self._runs[name].good


def _fault(run: _Run) -> Exception:
    name = run.service.name
    if not run.up:
        return StartError(f"service {name!r}: {run.error!r}")
    return run.error or RuntimeError(f"service {name!r} returned")


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
    send, receive = anyio.create_memory_object_stream(math.inf)
    runs = {service.name: _Run(service, send) for service in services}
    host = Host(runs)
    faults: list[Exception] = []
    reported: list[_Run] = []
    front = anyio.CancelScope()

    async def start(group) -> None:
        sorter = TopologicalSorter({s.name: set(s.requires) for s in services})
        sorter.prepare()
        while sorter.is_active():
            for name in sorter.get_ready():
                group.start_soon(runs[name].go, start_timeout)
                runs[name].state = State.STARTING
            what, run = await receive.receive()
            if what == "over":
                faults.append(_fault(run))
                reported.append(run)
                return
            sorter.done(run.service.name)

    async def watch() -> None:
        while True:
            what, run = await receive.receive()
            if what == "over":
                faults.append(_fault(run))
                reported.append(run)
                front.cancel()
                return

    async def checks() -> None:
        when = anyio.current_time()
        async with anyio.create_task_group() as group:
            while True:
                when += health_interval
                await anyio.sleep_until(when)
                for run in runs.values():
                    group.start_soon(run.check, check_timeout)

    async def stop() -> None:
        needed: dict[str, set[str]] = {name: set() for name in runs}
        for service in services:
            for name in service.requires:
                needed[name].add(service.name)
        faults.extend(_fault(run) for run in runs.values() if run.over and run not in reported)
        sorter = TopologicalSorter(needed)
        sorter.prepare()
        waiting = set()
        with anyio.CancelScope(shield=True):
            while sorter.is_active():
                for name in sorter.get_ready():
                    run = runs[name]
                    waiting.add(name)
                    run.stop()
                while waiting:
                    for name in list(waiting):
                        if runs[name].over or runs[name].state == State.PENDING:
                            waiting.discard(name)
                            sorter.done(name)
                            break
                    else:
                        await receive.receive()
                        continue
                    break

    with send, receive:
        async with anyio.create_task_group() as group:
            raised: Exception | None = None
            try:
                with front:
                    await start(group)
                    if not faults:
                        async with anyio.create_task_group() as beside:
                            beside.start_soon(watch)
                            beside.start_soon(checks)
                            yield host
                            beside.cancel_scope.cancel()
            except Exception as error:
                raised = error
                await stop()
            except BaseException:
                await stop()
                raise
            else:
                await stop()
            more = [run.error for run in runs.values() if run.error and run.asked]
            all_of_them = [*([raised] if raised else []), *faults, *more]
            if len(all_of_them) == 1:
                raise all_of_them[0]
            if all_of_them:
                raise ExceptionGroup("block", all_of_them)


def _in_order(services: Sequence[Service]) -> list[Service]:
    """Return the services, each after all that it requires. Given; its names must be known, and different.

    Raises:
        graphlib.CycleError: they go round in a circle. It is a `ValueError`.
    """
    by_name = {service.name: service for service in services}
    graph = TopologicalSorter({service.name: service.requires for service in services})
    return [by_name[name] for name in graph.static_order()]
