"""Built with a memory stream that holds one token while the place of the probe is free; made anew at each opening."""

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
        self.settings = timeout, threshold, cooldown
        self.failed = 0
        self.half_open_at = math.inf
        self.streams = None

    @property
    def state(self) -> State:
        if self.streams is None:
            return State.CLOSED
        return State.HALF_OPEN if anyio.current_time() >= self.half_open_at else State.OPEN

    def open(self) -> None:
        self.close()
        self.half_open_at = anyio.current_time() + self.settings[2]
        self.streams = anyio.create_memory_object_stream[None](1)
        self.streams[0].send_nowait(None)

    def close(self) -> None:
        if self.streams is not None:
            for stream in self.streams:
                stream.close()
        self.streams = None
        self.failed = 0
        self.calls = object()

    calls: object = None

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        timeout, threshold, _ = self.settings
        state, streams, calls = self.state, self.streams, self.calls
        if state is State.OPEN:
            raise CircuitOpenError
        if streams is not None:
            try:
                streams[1].receive_nowait()
            except anyio.WouldBlock:
                raise CircuitOpenError from None
        try:
            with anyio.fail_after(timeout):
                value = await func(*args)
        except Exception:
            if calls is self.calls and streams is self.streams:
                self.failed += 1
                if streams is not None or self.failed >= threshold:
                    self.open()
            raise
        except BaseException:
            if streams is not None and streams is self.streams:
                streams[0].send_nowait(None)
            raise
        if calls is self.calls and streams is self.streams:
            if streams is None:
                self.failed = 0
            else:
                self.close()
        return value
