"""Built with a context manager per call, around `fail_after`."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from collections.abc import Iterator
from contextlib import contextmanager

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
        self._t, self._n, self._c = timeout, threshold, cooldown
        self._fails = 0
        self._since: float | None = None
        self._busy = False
        self._era = 0

    @property
    def state(self) -> State:
        if self._since is None:
            return State.CLOSED
        if self._busy:
            return State.HALF_OPEN
        return State.OPEN if anyio.current_time() - self._since < self._c else State.HALF_OPEN

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self.state is State.OPEN or self._busy:
            raise CircuitOpenError
        era, probe = self._era, self.state is State.HALF_OPEN
        self._busy = self._busy or probe
        try:
            with anyio.fail_after(self._t):
                yield
        except Exception:
            if era == self._era:
                self._fails += 1
                if probe or self._fails >= self._n:
                    self._since = anyio.current_time()
                    self._era += 1
            raise
        else:
            if era == self._era:
                self._fails, self._since = 0, None
        finally:
            if probe:
                self._busy = False

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        with self._counted():
            return await func(*args)
