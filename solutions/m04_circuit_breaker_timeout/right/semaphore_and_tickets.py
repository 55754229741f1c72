"""Built with a semaphore for the probe and a ticket per call; a ticket is void once the circuit has opened."""

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


class _Ticket:
    def __init__(self, probe: bool) -> None:
        self.probe, self.void = probe, False


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("bad arguments")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.slots = anyio.Semaphore(1, max_value=1)
        self.tickets: set[_Ticket] = set()
        self.streak = 0
        self.deadline: float | None = None

    @property
    def state(self) -> State:
        match self.deadline:
            case None:
                return State.CLOSED
            case time if time > anyio.current_time():
                return State.OPEN
        return State.HALF_OPEN

    def admit(self) -> _Ticket:
        state = self.state
        if state is State.OPEN:
            raise CircuitOpenError
        if state is State.HALF_OPEN:
            try:
                self.slots.acquire_nowait()
            except anyio.WouldBlock:
                raise CircuitOpenError from None
        ticket = _Ticket(state is State.HALF_OPEN)
        self.tickets.add(ticket)
        return ticket

    def trip(self) -> None:
        self.deadline = anyio.current_time() + self.cooldown
        self.streak = 0
        for ticket in self.tickets:
            ticket.void = True

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        ticket = self.admit()
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + self.timeout) as scope:
                value = await func(*args)
            if scope.cancelled_caught:
                raise TimeoutError
        except Exception:
            self.streak += not ticket.void
            if not ticket.void and (ticket.probe or self.streak >= self.threshold):
                self.trip()
            raise
        else:
            if not ticket.void:
                self.streak, self.deadline = 0, None
            return value
        finally:
            self.tickets.discard(ticket)
            if ticket.probe:
                self.slots.release()
