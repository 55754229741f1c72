"""Built with a log: what the state is follows from the list of all that happened."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from enum import Enum

import anyio

T = TypeVar("T")


class State(StrEnum):
    """What a circuit breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpenError(Exception):
    """The call was refused."""


class _Kind(Enum):
    GOOD = 1
    BAD = 2
    OPENED = 3
    CLOSED = 4


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("bad arguments")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.log: list[tuple[_Kind, float]] = []
        self.running: list[int] = []

    def last_change(self) -> tuple[_Kind, float]:
        changes = [entry for entry in self.log if entry[0] in (_Kind.OPENED, _Kind.CLOSED)]
        return changes[-1] if changes else (_Kind.CLOSED, 0.0)

    def openings(self) -> int:
        return sum(kind is _Kind.OPENED for kind, _ in self.log)

    @property
    def state(self) -> State:
        kind, when = self.last_change()
        if kind is _Kind.CLOSED:
            return State.CLOSED
        return State.OPEN if when + self.cooldown > anyio.current_time() else State.HALF_OPEN

    def write(self, kind: _Kind) -> None:
        self.log.append((kind, anyio.current_time()))

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        admitted_as = self.state
        if admitted_as is State.OPEN or (admitted_as is State.HALF_OPEN and self.running):
            raise CircuitOpenError
        before = self.openings()
        if admitted_as is State.HALF_OPEN:
            self.running.append(before)
        how: _Kind | None = None
        try:
            with anyio.move_on_after(self.timeout):
                try:
                    value = await func(*args)
                except Exception:
                    how = _Kind.BAD
                    raise
                how = _Kind.GOOD
                return value
            how = _Kind.BAD
            raise TimeoutError("took too long")
        finally:
            if how is not None and before == self.openings():
                self.write(how)
                if admitted_as is State.HALF_OPEN:
                    self.write(_Kind.CLOSED if how is _Kind.GOOD else _Kind.OPENED)
                elif [kind for kind, _ in self.log[-self.threshold :]] == [_Kind.BAD] * self.threshold:
                    self.write(_Kind.OPENED)
            if admitted_as is State.HALF_OPEN:
                self.running.clear()
