"""Built with a child task that sends how `func` ended through a memory stream."""

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
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        send, receive = anyio.create_memory_object_stream(1)

        async def run():
            try:
                result = await func(*args)
            except Exception as error:
                self.ended(openings, probe, False)
                send.send_nowait((None, error))
            else:
                self.ended(openings, probe, True)
                send.send_nowait((result, None))

        try:
            with send, receive:
                async with anyio.create_task_group() as tg:
                    tg.start_soon(run)
                    with anyio.move_on_after(self.timeout):
                        value, error = await receive.receive()
                        late = False
                    if "error" not in locals():
                        late = True
                        tg.cancel_scope.cancel()
                if late:
                    try:
                        value, error = receive.receive_nowait()
                    except anyio.WouldBlock:
                        self.ended(openings, probe, False)
                        raise TimeoutError from None
        finally:
            if probe:
                self.probing = False
        if error is not None:
            raise error
        return value
