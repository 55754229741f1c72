"""Built with an awaited lock at the entrance and a scope whose deadline is set inside."""

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
            raise ValueError("bad arguments")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened_at = None
        self.openings = 0
        self.probing = False
        self.gate = anyio.Lock()

    @property
    def state(self) -> State:
        if self.opened_at is None:
            return State.CLOSED
        return State.HALF_OPEN if anyio.current_time() - self.opened_at >= self.cooldown else State.OPEN

    def ended(self, openings, probe, good):
        if openings != self.openings:
            return
        if good:
            self.failures, self.opened_at = 0, None
        else:
            self.failures += 1
            if probe or self.failures >= self.threshold:
                self.opened_at = anyio.current_time()
                self.openings += 1

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        async with self.gate:
            state = self.state
            if state is State.OPEN or self.probing:
                raise CircuitOpenError
            openings, probe = self.openings, state is State.HALF_OPEN
            self.probing = probe
        good = None
        try:
            with anyio.CancelScope() as scope:
                scope.deadline = anyio.current_time() + self.timeout
                try:
                    value = await func(*args)
                    good = True
                except Exception:
                    good = False
                    raise
            if good is None:
                good = False
                raise TimeoutError
            return value
        finally:
            if good is not None:
                self.ended(openings, probe, good)
            if probe:
                self.probing = False
