"""Built with a watchdog task that cancels the scope around `func`, which runs in the caller's own task."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import anyio
import anyio.lowlevel

T = TypeVar("T")


class State(StrEnum):
    """What a circuit breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpenError(Exception):
    """The call was refused."""


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("bad arguments")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened: float | None = None
        self.probes = 0
        self.trips = 0

    @property
    def state(self) -> State:
        if self.opened is None:
            return State.CLOSED
        if self.probes or anyio.current_time() >= self.opened + self.cooldown:
            return State.HALF_OPEN
        return State.OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        await anyio.lowlevel.checkpoint()
        probe = self.state is State.HALF_OPEN
        if self.state is State.OPEN or self.probes:
            raise CircuitOpenError
        trips = self.trips
        self.probes += probe
        done = False
        problem: Exception | None = None
        result: T

        async def watch() -> None:
            await anyio.sleep(self.timeout)
            scope.cancel()

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(watch)
                with anyio.CancelScope() as scope:
                    try:
                        result = await func(*args)
                        done = True
                    except Exception as error:
                        problem = error
                    self.count(trips, probe, done, scope.cancel_called, problem)
                if not done and problem is None:
                    problem = TimeoutError()
                    self.count(trips, probe, False, True, problem)
                group.cancel_scope.cancel()
        finally:
            self.probes -= probe
        if problem is not None:
            raise problem
        return result

    def count(self, trips: int, probe: bool, done: bool, late: bool, problem: Exception | None) -> None:
        if trips != self.trips:
            return
        if done:
            self.failures = 0
            self.opened = None
        else:
            self.failures += 1
            if probe or self.failures >= self.threshold:
                self.opened = anyio.current_time()
                self.trips += 1
