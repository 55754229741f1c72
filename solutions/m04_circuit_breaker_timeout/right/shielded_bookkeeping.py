"""Built with a lock around the books, taken under a shield when a call has ended."""

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
        self.lock = anyio.Lock()
        self.failures = 0
        self.opened: float | None = None
        self.generation = 0
        self.probing = False

    @property
    def state(self) -> State:
        if self.opened is None:
            return State.CLOSED
        return State.HALF_OPEN if anyio.current_time() >= self.opened + self.cooldown else State.OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        async with self.lock:
            state = self.state
            if state is State.OPEN or self.probing:
                raise CircuitOpenError
            self.probing = probe = state is State.HALF_OPEN
            generation = self.generation
        good: bool | None = None
        try:
            with anyio.fail_after(self.timeout):
                result = await func(*args)
            good = True
            return result
        except Exception:
            good = False
            raise
        finally:
            with anyio.CancelScope(shield=True):
                async with self.lock:
                    self.settle(good, probe, generation)

    def settle(self, good: bool | None, probe: bool, generation: int) -> None:
        if generation == self.generation and good is not None:
            self.failures = 0 if good else self.failures + 1
            if good:
                self.opened = None
            elif probe or self.failures >= self.threshold:
                self.opened = anyio.current_time()
                self.generation += 1
        if probe:
            self.probing = False
