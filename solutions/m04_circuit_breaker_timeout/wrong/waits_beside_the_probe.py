"""Waits for a moment before it refuses a call beside the probe.

Breaks: R4
Also: R3
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from anyio import current_time, fail_after, sleep

T = TypeVar("T")


class State(StrEnum):
    """What a circuit breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpenError(Exception):
    """The call was refused."""


class CircuitBreaker:
    """Lets calls through as long as they succeed often enough.

    Args:
        timeout: seconds that a call may take.
        threshold: failures in a row that open the circuit.
        cooldown: seconds for which it then refuses every call.

    Raises:
        ValueError: if `timeout` is not above 0, `threshold` is below 1 or `cooldown` below 0.
    """

    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self._timeout, self._threshold, self._cooldown = timeout, threshold, cooldown
        self._failures = 0
        self._opened_at: float | None = None  # None while closed
        self._openings = 0  # tells a call let through before an opening from one let through after it
        self._probing = False

    @property
    def state(self) -> State:
        """What the circuit is now; computed, because nobody is there to change it when the cooldown is over."""
        if self._opened_at is None:
            return State.CLOSED
        over = current_time() >= self._opened_at + self._cooldown
        return State.HALF_OPEN if over else State.OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        """Return what `await func(*args)` returns.

        Raises:
            CircuitOpenError: `func` was not called.
            TimeoutError: it took too long and was cancelled.
            Exception: whatever `func` raises.
        """
        state = self.state
        if state is State.OPEN:
            raise CircuitOpenError
        if self._probing:
            await sleep(0.2)  # perhaps it is over soon
            raise CircuitOpenError
        # No await between looking and taking the place: nobody can come in between.
        self._probing = probe = state is State.HALF_OPEN
        openings = self._openings
        try:
            with fail_after(self._timeout):
                value = await func(*args)
        except Exception:
            if openings == self._openings:
                self._failed(probe=probe)
            raise
        else:
            if openings == self._openings:
                self._succeeded()
            return value
        finally:
            # Also after a cancellation, which is neither of the two. A late call must not touch another's place.
            if probe:
                self._probing = False

    def _failed(self, *, probe: bool) -> None:
        self._failures += 1
        if probe or self._failures >= self._threshold:
            self._opened_at = current_time()
            self._openings += 1

    def _succeeded(self) -> None:
        self._failures = 0
        self._opened_at = None
