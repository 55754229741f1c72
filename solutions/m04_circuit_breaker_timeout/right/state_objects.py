"""Built with one object per state: a call reports to the state that let it through, and only the current one changes anything."""

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


class _Closed:
    name = State.CLOSED

    def __init__(self, breaker: "CircuitBreaker") -> None:
        self.breaker, self.row = breaker, 0

    def admit(self) -> None:
        pass

    def good(self) -> None:
        self.row = 0

    def bad(self) -> None:
        self.row += 1
        if self.row >= self.breaker.threshold and self.breaker.current is self:
            self.breaker.current = _Tripped(self.breaker)

    def neither(self) -> None:
        pass


class _Tripped:
    def __init__(self, breaker: "CircuitBreaker") -> None:
        self.breaker = breaker
        self.since = anyio.current_time()
        self.busy = False

    @property
    def name(self) -> State:
        return State.HALF_OPEN if anyio.current_time() - self.since >= self.breaker.cooldown else State.OPEN

    def admit(self) -> None:
        if self.busy or self.name is State.OPEN:
            raise CircuitOpenError
        self.busy = True

    def good(self) -> None:
        self.breaker.current = _Closed(self.breaker)

    def bad(self) -> None:
        self.breaker.current = _Tripped(self.breaker)

    def neither(self) -> None:
        self.busy = False


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("bad arguments")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.current: _Closed | _Tripped = _Closed(self)

    @property
    def state(self) -> State:
        return self.current.name

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        mine = self.current
        mine.admit()
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            mine.bad()
            raise
        except BaseException:
            mine.neither()
            raise
        mine.good()
        return value
