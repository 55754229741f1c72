"""Built from a few attributes: the state follows from the time of opening, and a number of openings tells late ends apart."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import anyio

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
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened_at: float | None = None
        self.openings = 0
        self.probing = False

    @property
    def state(self) -> State:
        if self.opened_at is None:
            return State.CLOSED
        if anyio.current_time() >= self.opened_at + self.cooldown:
            return State.HALF_OPEN
        return State.OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if openings == self.openings:
                self.failed(probe)
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False

    def failed(self, probe: bool) -> None:
        self.failures += 1
        if probe or self.failures >= self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1

    def succeeded(self) -> None:
        self.failures = 0
        self.opened_at = None
