"""Run services that depend on each other: start them in order, stop them in order, whatever happens."""

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
    """What the body of the block can ask about the services.

    Args:
        lives: name of a service → its life.
    """

    def __init__(self, lives: "dict[str, _Life]") -> None:
        self._lives = lives

    def state(self, name: str) -> State:
        """Return where the service is in its life."""
        return self._lives[name].state

    def healthy(self, name: str) -> bool:
        """Return how the last check of the service ended; True before the first."""
        return self._lives[name].healthy


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
    lives = _lives_of(services)
    checking = CancelScope()
    # Whatever goes wrong is raised in a task of this group. That cancels the group, and with it the start or the body;
    # it does not reach the services, which are shielded: they are stopped below, one way whatever happened.
    async with create_task_group() as group:
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


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    """Return name → life of each service, linked both ways.

    Raises:
        ValueError: they cannot work together.
    """
    lives = {service.name: _Life(service) for service in services}
    if len(lives) < len(services):
        raise ValueError("two services have the same name")
    for life in lives.values():
        for name in life.service.requires:
            if name not in lives:
                raise ValueError(f"{life.service.name!r} requires {name!r}, which is not there")
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    TopologicalSorter({name: life.service.requires for name, life in lives.items()}).prepare()  # CycleError
    return lives


class _Life(TaskStatus[None]):
    """The life of one service; what its `run` gets as `task_status`.

    Args:
        service: the service.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.healthy = True
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False

    def started(self, value: None = None) -> None:  # noqa: ARG002 - the protocol has it
        """Take note that the service is ready: from now on nothing limits its time."""
        if self._scope.cancel_called:
            return  # too late
        self._scope.deadline = math.inf
        self.state = State.RUNNING
        self.ready.set()

    async def live(self, start_timeout: float) -> None:
        """Run the service, from when all that it requires are running until it has ended."""
        try:
            await checkpoint()
            for life in self.requires:
                await life.ready.wait()
            # Up to here the start may be cancelled; from here on only the deadline and `stop` reach the service.
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
        """Cancel the service as soon as nothing that requires it is left."""
        for life in self.dependants:
            await life.ended.wait()
        self._stopping = True
        if not self.ended.is_set():
            self.state = State.STOPPING
        self._scope.cancel()


async def _check_health(lives: Sequence[_Life], interval: float, timeout: float, until: CancelScope) -> None:
    """Check all services every `interval` seconds, until that scope is cancelled."""

    async def check(life: _Life) -> None:
        try:
            with fail_after(timeout):
                await life.service.check()
        except Exception:
            life.healthy = False
        else:
            life.healthy = True

    with until:
        async with create_task_group() as checks:
            moment = current_time()
            while True:
                moment += interval  # not `sleep(interval)`: the time that a round takes would add up
                await sleep_until(moment)
                for life in lives:
                    checks.start_soon(check, life)
