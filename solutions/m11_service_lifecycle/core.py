"""Run services that depend on each other, as far as the core goes: start them in order, stop them in order."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Protocol

from anyio import CancelScope, Event, create_task_group, fail_after
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


class Host:
    """What the body of the block can ask about the services."""

    def __init__(self, states: dict[str, State]) -> None:
        self._states = states

    def state(self, name: str) -> State:
        """Return where the service is in its life."""
        return self._states[name]

    def healthy(self, name: str) -> bool:
        """Return how the last check of the service ended; True before the first."""
        raise NotImplementedError("part of the stretch")


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    """Start the services, run the body of the block, stop the services.

    Args:
        services: in any order.
        start_timeout: seconds that each has to get ready, from its own start.
        health_interval: seconds between two checks of a service.
        check_timeout: seconds that a check may take.

    Raises:
        ValueError: unknown names, two services of one name, or a circle.
        StartError: a service did not start.
    """
    names = [service.name for service in services]
    if len(set(names)) < len(names):
        raise ValueError("two services have the same name")
    for service in services:
        if unknown := set(service.requires) - set(names):
            raise ValueError(f"{service.name!r} requires {unknown}, which is not there")
    states = dict.fromkeys(names, State.PENDING)
    scopes = {name: CancelScope() for name in names}
    ended = {name: Event() for name in names}

    async def hosted(service: Service, *, task_status: TaskStatus[None]) -> None:
        try:
            with scopes[service.name]:
                await service.run(task_status=task_status)
            states[service.name] = State.STOPPED
        finally:
            ended[service.name].set()

    started: list[str] = []
    in_order = _in_order(services)
    async with create_task_group() as group:
        try:
            for service in in_order:
                states[service.name] = State.STARTING
                try:
                    with fail_after(start_timeout):
                        await group.start(hosted, service)
                except Exception as error:
                    states[service.name] = State.FAILED
                    raise StartError(f"{service.name!r} did not start") from error
                states[service.name] = State.RUNNING
                started.append(service.name)
            yield Host(states)
        finally:
            for name in reversed(started):
                states[name] = State.STOPPING
                scopes[name].cancel()
                await ended[name].wait()


def _in_order(services: Sequence[Service]) -> list[Service]:
    """Return the services, each after all that it requires. Given; its names must be known, and different.

    Raises:
        graphlib.CycleError: they go round in a circle. It is a `ValueError`.
    """
    by_name = {service.name: service for service in services}
    graph = TopologicalSorter({service.name: service.requires for service in services})
    return [by_name[name] for name in graph.static_order()]
