"""Built with errors of its own, derived from the given ones, and a checkpoint at both ends of a call."""

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


class Slow(TimeoutError):
    pass


class Busy(CircuitOpenError):
    pass


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("bad arguments")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened_at = None
        self.openings = 0
        self.probing = False

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
        await anyio.lowlevel.checkpoint()
        state = self.state
        if state is State.OPEN or self.probing:
            raise Busy
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.move_on_after(self.timeout) as scope:
                value = await func(*args)
            if scope.cancelled_caught:
                raise Slow
        except Exception:
            self.ended(openings, probe, False)
            raise
        else:
            self.ended(openings, probe, True)
        finally:
            if probe:
                self.probing = False
        await anyio.lowlevel.checkpoint()
        return value
