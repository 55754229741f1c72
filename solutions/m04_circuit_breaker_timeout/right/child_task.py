"""Built with a task group: `func` runs in a child task, which notes how it ended; the caller raises it bare."""

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
        self.failures = 0
        self.open_until: float | None = None
        self.epoch = 0
        self.probe: object | None = None

    @property
    def state(self) -> State:
        if self.open_until is None:
            return State.CLOSED
        return State.OPEN if anyio.current_time() < self.open_until else State.HALF_OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        if self.state is State.OPEN or self.probe is not None:
            raise CircuitOpenError("not now")
        epoch, ticket = self.epoch, object()
        if self.state is State.HALF_OPEN:
            self.probe = ticket
        outcome: list[tuple[bool, object]] = []

        async def run() -> None:
            try:
                value = await func(*args)
            except Exception as error:
                outcome.append((False, error))
            else:
                outcome.append((True, value))

        async def timer(scope: anyio.CancelScope) -> None:
            await anyio.sleep(self.timeout)
            scope.cancel()

        try:
            async with anyio.create_task_group() as outer:
                outer.start_soon(timer, outer.cancel_scope)
                async with anyio.create_task_group() as inner:
                    inner.start_soon(run)
                outer.cancel_scope.cancel()
            if not outcome:
                outcome.append((False, TimeoutError("too long")))
        finally:
            if outcome and epoch == self.epoch:
                self.note(outcome[0][0], self.probe is ticket)
            if self.probe is ticket:
                self.probe = None
        good, result = outcome[0]
        if good:
            return result
        raise result

    def note(self, good: bool, probe: bool) -> None:
        if good:
            self.failures, self.open_until = 0, None
            return
        self.failures += 1
        if probe or self.failures >= self.threshold:
            self.open_until = anyio.current_time() + self.cooldown
            self.failures = 0
            self.epoch += 1
