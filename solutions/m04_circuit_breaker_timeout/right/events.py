"""Built with an event per probe, set when it has ended, and a stored state that is brought up to date when asked."""

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
        self._timeout, self._threshold, self._cooldown = timeout, threshold, cooldown
        self._state = State.CLOSED
        self._until = 0.0
        self._strikes = 0
        self._round = 0
        self._probe: anyio.Event | None = None

    @property
    def state(self) -> State:
        if self._state is State.OPEN and anyio.current_time() >= self._until:
            self._state = State.HALF_OPEN
        return self._state

    def _trip(self) -> None:
        self._state, self._until = State.OPEN, anyio.current_time() + self._cooldown
        self._strikes = 0
        self._round += 1

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        if self.state is State.OPEN:
            raise CircuitOpenError
        if self.state is State.HALF_OPEN:
            if self._probe is not None and not self._probe.is_set():
                raise CircuitOpenError
            return await self._as_probe(func, *args)
        now = self._round
        try:
            value = await self._bounded(func, *args)
        except Exception:
            if now == self._round:
                self._strikes += 1
                if self._strikes >= self._threshold:
                    self._trip()
            raise
        if now == self._round:
            self._strikes = 0
        return value

    async def _as_probe(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        self._probe = ended = anyio.Event()
        try:
            value = await self._bounded(func, *args)
        except Exception:
            self._trip()
            raise
        else:
            self._state = State.CLOSED
            return value
        finally:
            ended.set()

    async def _bounded(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        with anyio.fail_after(self._timeout):
            return await func(*args)
