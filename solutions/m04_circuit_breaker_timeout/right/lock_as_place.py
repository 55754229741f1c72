"""Built with an `anyio.Lock` as the place of the probe, taken without waiting."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import math

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
        self._place = anyio.Lock()
        self._row: list[float] = []
        self._opened: float = -math.inf
        self._closed = True
        self._count = 0

    @property
    def state(self) -> State:
        if self._closed:
            return State.CLOSED
        if anyio.current_time() < self._opened + self._cooldown:
            return State.OPEN
        return State.HALF_OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        match self.state:
            case State.CLOSED:
                return await self._run(self._count, False, func, args)
            case State.OPEN:
                raise CircuitOpenError
        try:
            self._place.acquire_nowait()
        except anyio.WouldBlock:
            raise CircuitOpenError from None
        try:
            return await self._run(self._count, True, func, args)
        finally:
            self._place.release()

    async def _run(self, count: int, probe: bool, func: Callable[..., Awaitable[T]], args: tuple[object, ...]) -> T:
        try:
            with anyio.fail_after(self._timeout):
                result = await func(*args)
        except Exception:
            if count == self._count:
                self._row.append(anyio.current_time())
                if probe or len(self._row) >= self._threshold:
                    self._closed, self._opened = False, self._row[-1]
                    self._row.clear()
                    self._count += 1
            raise
        if count == self._count:
            self._row.clear()
            self._closed = True
        return result
