"""Built so that `func` is run to an outcome first, and the books see outcomes only."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from collections import deque
from dataclasses import dataclass
from typing import Generic

import anyio

T = TypeVar("T")


class State(StrEnum):
    """What a circuit breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpenError(Exception):
    """The call was refused."""


@dataclass
class _Outcome(Generic[T]):
    value: T | None = None
    error: BaseException | None = None

    def get(self) -> T:
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None
        return self.value


async def _outcome(timeout: float, func: Callable[..., Awaitable[T]], args: tuple[object, ...]) -> _Outcome[T]:
    try:
        with anyio.fail_after(timeout):
            return _Outcome(value=await func(*args))
    except BaseException as error:
        return _Outcome(error=error)


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("bad arguments")
        self.limits = (timeout, threshold, cooldown)
        self.row: deque[BaseException] = deque(maxlen=threshold)
        self.reopens: float | None = None
        self.phase = 0
        self.prober: int | None = None

    @property
    def state(self) -> State:
        if self.reopens is None:
            return State.CLOSED
        return State.OPEN if anyio.current_time() < self.reopens else State.HALF_OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        timeout, threshold, cooldown = self.limits
        if self.state is State.OPEN or self.prober is not None:
            raise CircuitOpenError
        phase = self.phase
        probe = self.state is State.HALF_OPEN
        if probe:
            self.prober = phase
        outcome = await _outcome(timeout, func, args)
        if probe:
            self.prober = None
        if phase == self.phase:
            if outcome.error is None:
                self.row.clear()
                self.reopens = None
                self.phase += probe
            elif isinstance(outcome.error, Exception):
                self.row.append(outcome.error)
                if probe or len(self.row) == threshold:
                    self.row.clear()
                    self.reopens = anyio.current_time() + cooldown
                    self.phase += 1
        return outcome.get()
