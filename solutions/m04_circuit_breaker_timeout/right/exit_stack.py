"""Built with an exit stack: each call pushes what is to be undone, and pops it by how it ended."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import itertools
from contextlib import AsyncExitStack
from functools import partial

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
        self.row = itertools.count(1)
        self.tripped: float | None = None
        self.taken: set[int] = set()
        self.version = 0

    @property
    def state(self) -> State:
        if self.tripped is None:
            return State.CLOSED
        if anyio.current_time() >= self.tripped + self.cooldown:
            return State.HALF_OPEN
        return State.OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.taken:
            raise CircuitOpenError
        version = self.version
        async with AsyncExitStack() as stack:
            if state is State.HALF_OPEN:
                self.taken.add(version)
                stack.callback(self.taken.discard, version)
            stack.push(partial(self.ended, version, state))
            stack.enter_context(anyio.fail_after(self.timeout))
            return await func(*args)

    def ended(self, version: int, state: State, kind: type[BaseException] | None, error: object, tb: object) -> bool:
        if version == self.version:
            if kind is None:
                self.row = itertools.count(1)
                self.tripped = None
            elif issubclass(kind, Exception):
                if next(self.row) >= self.threshold or state is State.HALF_OPEN:
                    self.version += 1
                    self.tripped = anyio.current_time()
                    self.row = itertools.count(1)
        return False
