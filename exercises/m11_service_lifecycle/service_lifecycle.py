"""Run services that depend on each other: start them in order, stop them in order, whatever happens.

Core
----
`async with running(services, start_timeout=…) as host:` starts each service when all that it requires are running; it
is running once it has called `task_status.started()`. The body begins when all are. At the end of the block a service
is cancelled as soon as all services that require it have ended. `host.state(name)` says where each one is.

Unknown names, two services of one name, a circle: `ValueError`, nothing started. A service that is not ready within
`start_timeout` of its start, or ends or raises before it is ready: `StartError` with its name; those already started
are stopped in order.

Stretch
-------
- Services that do not depend on each other start at the same time, and stop at the same time.
- An error of a service that stops: it is `FAILED`, the stop goes on, the error leaves the block.
- An error or a cancellation that ends the block, or the start: everything stops in the same order, cleanup included.
- A service that raises or returns while the block runs is `FAILED`: the body is cancelled, the others are stopped in
  order, and its error (`RuntimeError` with its name, if it returned) leaves the block.
- Every `health_interval` seconds all are checked, each for at most `check_timeout`; `host.healthy(name)` says how the
  last check ended.

Errors may leave in an `ExceptionGroup`; only `ValueError` may not. Everything runs on asyncio and on trio: use only
`anyio` and the standard library.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Protocol

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

    # TODO: an `__init__` with whatever you need.

    def state(self, name: str) -> State:
        """Return where the service is in its life."""
        raise NotImplementedError("TODO: write Host.state")

    def healthy(self, name: str) -> bool:
        """Return how the last check of the service ended; True before the first."""
        raise NotImplementedError("TODO: write Host.healthy")


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
    # TODO: refuse what cannot work, before anything starts.
    # TODO: start the services, each with a task of its own. How do you learn that one is ready, or never will be?
    # TODO: `yield` the host: the body runs there, and what it raises is raised there.
    # TODO: stop them, dependants first. How do you cancel one of them, and how do you know that it has ended?
    # TODO (stretch): which of all that must go on when you are cancelled yourself?
    raise NotImplementedError("TODO: write running")
    yield Host()


def _in_order(services: Sequence[Service]) -> list[Service]:
    """Return the services, each after all that it requires. Given; its names must be known, and different.

    Raises:
        graphlib.CycleError: they go round in a circle. It is a `ValueError`.
    """
    by_name = {service.name: service for service in services}
    graph = TopologicalSorter({service.name: service.requires for service in services})
    return [by_name[name] for name in graph.static_order()]
