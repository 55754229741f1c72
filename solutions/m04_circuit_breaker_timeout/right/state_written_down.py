"""Built as a beginner would: plain attributes, a state that is written down and brought up to date at each look."""

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
        if timeout <= 0:
            raise ValueError("timeout must be positive")
        if threshold < 1:
            raise ValueError("threshold must be at least 1")
        if cooldown < 0:
            raise ValueError("cooldown must not be negative")
        self.timeout = timeout
        self.threshold = threshold
        self.cooldown = cooldown
        self.current = State.CLOSED
        self.failures = 0
        self.opened_at = 0.0
        self.probe_running = False
        self.times_opened = 0

    @property
    def state(self) -> State:
        if self.current == State.OPEN:
            if anyio.current_time() - self.opened_at >= self.cooldown:
                self.current = State.HALF_OPEN
        return self.current

    def open(self) -> None:
        self.current = State.OPEN
        self.opened_at = anyio.current_time()
        self.times_opened += 1
        self.failures = 0

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        if self.state == State.OPEN:
            raise CircuitOpenError("open")
        if self.state == State.HALF_OPEN:
            if self.probe_running:
                raise CircuitOpenError("somebody else tries")
            self.probe_running = True
            try:
                answer = await self.bounded(func, *args)
            except Exception:
                self.open()
                raise
            else:
                self.current = State.CLOSED
                self.failures = 0
                return answer
            finally:
                self.probe_running = False

        let_through = self.times_opened
        try:
            answer = await self.bounded(func, *args)
        except Exception:
            if let_through == self.times_opened:
                self.failures += 1
                if self.failures >= self.threshold:
                    self.open()
            raise
        if let_through == self.times_opened:
            self.failures = 0
        return answer

    async def bounded(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        with anyio.fail_after(self.timeout):
            return await func(*args)
