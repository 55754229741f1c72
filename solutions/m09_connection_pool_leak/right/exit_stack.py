"""Everything that must be undone is pushed on an `AsyncExitStack`; the pool is a context manager made of others."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio

from contextlib import asynccontextmanager, suppress


class Connection(Protocol):
    @property
    def closed(self) -> bool: ...

    async def aclose(self) -> None: ...


class PoolClosedError(Exception):
    pass


@dataclass(frozen=True)
class PoolStats:
    leased: int
    idle: int
    waiting: int


C = TypeVar("C", bound=Connection)


class ConnectionPool(Generic[C]):
    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        *,
        size: int,
        acquire_timeout: float = math.inf,
        close_timeout: float = 5.0,
    ) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        self.connect = connect
        self.size = size
        self.acquire_timeout = acquire_timeout
        self.close_timeout = close_timeout

        self._turnstile = anyio.Semaphore(size, max_value=size)
        self._idle: list[C] = []
        self._counts = {"leased": 0, "waiting": 0, "open": 0}
        self._off = anyio.Event()
        self._none_open = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(self._counts["leased"], len(self._idle), self._counts["waiting"])

    @asynccontextmanager
    async def _counted(self, what: str) -> AsyncIterator[None]:
        self._counts[what] += 1
        try:
            yield
        finally:
            self._counts[what] -= 1
            if self._off.is_set() and not self._counts["open"]:
                self._none_open.set()

    @asynccontextmanager
    async def _unless_closed(self) -> AsyncIterator[None]:
        if self._off.is_set():
            raise PoolClosedError
        with anyio.CancelScope() as scope:
            self._scopes = getattr(self, "_scopes", set()) | {scope}
            try:
                yield
            finally:
                self._scopes -= {scope}
        if scope.cancelled_caught:
            raise PoolClosedError

    async def _acquire(self, stack: AsyncExitStack) -> C:
        async with self._unless_closed(), self._counted("waiting"):
            await self._turnstile.acquire()
        stack.callback(self._turnstile.release)
        if self._off.is_set():
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        with self._opened(stack):
            return await self.connect()

    def _opened(self, stack: AsyncExitStack):
        self._counts["open"] += 1

        class Guard:
            def __enter__(self):
                return self

            def __exit__(guard, kind, *_):
                if kind is not None:
                    self._less()

        return Guard()

    def _less(self) -> None:
        self._counts["open"] -= 1
        if self._off.is_set() and not self._counts["open"]:
            self._none_open.set()

    async def _close(self, conn: C) -> None:
        try:
            with suppress(Exception), anyio.move_on_after(self.close_timeout, shield=True):
                await conn.aclose()
        finally:
            self._less()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        async with AsyncExitStack() as stack:
            with anyio.fail_after(self.acquire_timeout):
                conn = await self._acquire(stack)
            healthy = True

            async def back() -> None:
                if self._off.is_set() or conn.closed or not healthy:
                    await self._close(conn)
                else:
                    self._idle.append(conn)

            stack.push_async_callback(back)
            async with self._counted("leased"):
                try:
                    yield conn
                except ConnectionError:
                    healthy = False
                    raise

    async def aclose(self) -> None:
        self._off.set()
        for scope in getattr(self, "_scopes", ()):
            scope.cancel()
        while self._idle:
            await self._close(self._idle.pop())
        if self._counts["open"]:
            await self._none_open.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
