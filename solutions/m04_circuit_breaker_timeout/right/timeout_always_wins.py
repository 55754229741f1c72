"""Built so that a timeout is always a `TimeoutError`, of a class of its own, whatever `func` raises as it is cancelled for it."""

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


class CallTooLong(TimeoutError):
    pass


class Refused(CircuitOpenError):
    def __init__(self, until: float) -> None:
        super().__init__(f"open until {until}")
        self.until = until


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        for name, good in (("timeout", timeout > 0), ("threshold", threshold >= 1), ("cooldown", cooldown >= 0)):
            if not good:
                raise ValueError(name)
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.row: list[Exception] = []
        self.generation = 0
        self.until: float | None = None
        self.probe: object | None = None

    @property
    def state(self) -> State:
        if self.until is None:
            return State.CLOSED
        return State.OPEN if anyio.current_time() < self.until else State.HALF_OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state, generation, ticket = self.state, self.generation, object()
        if state == State.OPEN or self.probe is not None:
            raise Refused(self.until if self.until is not None else 0)
        if state == State.HALF_OPEN:
            self.probe = ticket
        error: Exception | None = None
        value = None
        try:
            with anyio.move_on_after(self.timeout) as scope:
                try:
                    value = await func(*args)
                except Exception as raised:
                    error = CallTooLong(self.timeout) if scope.cancel_called else raised
            if scope.cancelled_caught:
                error = CallTooLong(self.timeout)
        finally:
            if self.probe is ticket:
                self.probe = None
        if generation == self.generation:
            self.count(error, probe=state == State.HALF_OPEN)
        if error is not None:
            raise error
        return value

    def count(self, error: Exception | None, *, probe: bool) -> None:
        if error is None:
            self.row.clear()
            self.until = None
            return
        self.row.append(error)
        if probe or len(self.row) >= self.threshold:
            self.until = anyio.current_time() + self.cooldown
            self.generation += 1
            self.row.clear()
