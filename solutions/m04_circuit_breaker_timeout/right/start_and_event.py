"""Built with a child task that hands out its cancel scope by `started`, and an event when it is done."""

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
        if self.state is State.OPEN or self.probing:
            raise CircuitOpenError
        probe, openings = self.state is State.HALF_OPEN, self.openings
        self.probing = probe
        done = anyio.Event()
        box = {}

        async def run(*, task_status):
            with anyio.CancelScope() as scope:
                task_status.started(scope)
                try:
                    box["value"] = await func(*args)
                except Exception as error:
                    box["error"] = error
                if box:
                    self.ended(openings, probe, "value" in box)
            done.set()

        try:
            async with anyio.create_task_group() as tg:
                scope = await tg.start(run)
                with anyio.move_on_after(self.timeout):
                    await done.wait()
                scope.cancel()
            if not box:
                self.ended(openings, probe, False)
                raise TimeoutError
        finally:
            if probe:
                self.probing = False
        if "error" in box:
            raise box["error"]
        return box["value"]
