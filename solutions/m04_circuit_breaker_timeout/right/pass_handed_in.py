"""Built with a pass that each call hands in once, when the helper task that runs `func` has set an event."""

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


class _Pass:
    """The right to make one call; it is handed in with `True`, `False` or `None` (neither)."""

    def __init__(self, breaker: "CircuitBreaker", *, probe: bool) -> None:
        self.breaker, self.probe, self.era = breaker, probe, breaker.era

    def hand_in(self, good: bool | None) -> None:
        breaker = self.breaker
        if self.era is not breaker.era:
            return
        if self.probe:
            breaker.probes -= 1
        if good:
            breaker.failures = 0
            if self.probe:
                breaker.era, breaker.opened = object(), None
        elif good is False:
            breaker.failures += 1
            if self.probe or breaker.failures == breaker.threshold:
                breaker.trip()


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if not (timeout > 0 and threshold > 0 and cooldown >= 0):
            raise ValueError((timeout, threshold, cooldown))
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.era = object()
        self.failures = self.probes = 0
        self.opened: float | None = None

    def trip(self) -> None:
        self.era, self.opened = object(), anyio.current_time()
        self.failures = self.probes = 0

    @property
    def state(self) -> State:
        match self.opened:
            case None:
                return State.CLOSED
            case opened if anyio.current_time() - opened < self.cooldown:
                return State.OPEN
            case _:
                return State.HALF_OPEN

    def admit(self) -> _Pass:
        state = self.state
        if state is State.OPEN or (state is State.HALF_OPEN and self.probes):
            raise CircuitOpenError(str(state))
        self.probes += state is State.HALF_OPEN
        return _Pass(self, probe=state is State.HALF_OPEN)

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        permit = self.admit()
        over = anyio.Event()
        ends: list[tuple[bool | None, object]] = []

        async def run() -> None:
            try:
                with anyio.fail_after(self.timeout):
                    ends.append((True, await func(*args)))
            except Exception as error:
                ends.append((False, error))
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:
                ends.append((None, error))
            finally:
                over.set()

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(run)
                with anyio.CancelScope(shield=False):
                    await over.wait()
        finally:
            good, value = ends[0] if ends else (None, None)
            permit.hand_in(good)
        if good:
            return value
        raise value
