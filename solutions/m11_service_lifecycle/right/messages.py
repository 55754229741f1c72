"""Built around one task that hears of everything over a memory object stream and decides what starts and stops."""

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
    def __init__(self, services: Sequence[Service]) -> None:
        self._states = {s.name: State.PENDING for s in services}
        self._healthy = {s.name: True for s in services}

    def state(self, name: str) -> State:
        return self._states[name]

    def healthy(self, name: str) -> bool:
        return self._healthy[name]


class Ready:
    def __init__(self, callback) -> None:
        self.callback = callback

    def started(self, value: Any = None) -> None:
        self.callback()


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    by_name = {s.name: s for s in services}
    if len(by_name) < len(services):
        raise ValueError("duplicate names")
    if any(r not in by_name for s in services for r in s.requires):
        raise ValueError("unknown names")
    order: list[str] = []
    while len(order) < len(by_name):
        more = [n for n, s in by_name.items() if n not in order and all(r in order for r in s.requires)]
        if not more:
            raise ValueError("circle")
        order += more

    host = Host(services)
    states = host._states
    tell, hear = anyio.create_memory_object_stream[tuple[str, Any]](math.inf)
    scopes = {name: anyio.CancelScope(shield=True) for name in order}
    errors: list[Exception] = []
    interrupts: list[BaseException] = []
    all_up, block, health = anyio.Event(), anyio.CancelScope(), anyio.CancelScope()

    async def run(service: Service) -> None:
        error: Exception | None = None
        with scopes[service.name] as scope:
            scope.deadline = anyio.current_time() + start_timeout
            try:
                await service.run(task_status=Ready(lambda: tell.send_nowait((service.name, "ready"))))
            except Exception as raised:
                error = raised
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as raised:
                interrupts.append(raised)
                block.cancel()
        tell.send_nowait((service.name, error))

    async def manage(tg) -> None:
        ending = False
        live: set[str] = set()

        def more() -> None:
            for name in order:
                if not ending and states[name] is State.PENDING:
                    if all(states[r] is State.RUNNING for r in by_name[name].requires):
                        states[name] = State.STARTING
                        live.add(name)
                        tg.start_soon(run, by_name[name])
                if ending and name in live and states[name] in (State.STARTING, State.RUNNING):
                    if not any(name in by_name[other].requires for other in live):
                        states[name] = State.STOPPING
                        scopes[name].cancel()
            if all(state is State.RUNNING for state in states.values()):
                all_up.set()

        more()
        while live or not ending:
            who, what = await hear.receive()
            if who == "":
                ending = True
            elif what == "ready":
                if states[who] is State.STARTING:
                    scopes[who].deadline = math.inf
                    states[who] = State.RUNNING
            else:
                live.discard(who)
                problem = what
                if states[who] is State.STARTING:
                    problem = StartError(f"{who}: {what!r}")
                elif states[who] is State.RUNNING and what is None:
                    problem = RuntimeError(f"{who} stopped running")
                states[who] = State.FAILED if problem else State.STOPPED
                if problem:
                    errors.append(problem)
                    block.cancel()
            more()

    async def manage_shielded() -> None:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tg:
                await manage(tg)

    async def check(service: Service) -> None:
        with anyio.CancelScope() as scope:
            scope.deadline = anyio.current_time() + check_timeout
            try:
                await service.check()
                host._healthy[service.name] = True
            except Exception:
                host._healthy[service.name] = False
        if scope.cancelled_caught:
            host._healthy[service.name] = False

    async def check_all() -> None:
        with health:
            async with anyio.create_task_group() as tg:
                begin, count = anyio.current_time(), 1
                while True:
                    await anyio.sleep(begin + count * health_interval - anyio.current_time())
                    for service in services:
                        tg.start_soon(check, service)
                    count += 1

    with tell, hear:
        async with anyio.create_task_group() as group:
            group.start_soon(manage_shielded)
            try:
                with block:
                    await all_up.wait()
                    group.start_soon(check_all)
                    yield host
            except Exception as error:
                errors.append(error)
            finally:
                health.cancel()
                tell.send_nowait(("", "end"))
    if len(errors) + len(interrupts) > 1:
        raise BaseExceptionGroup("several services failed", errors + interrupts)
    for error in errors + interrupts:
        raise error
