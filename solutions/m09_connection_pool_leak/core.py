"""A connection pool, as far as the core goes: at most `size` connections, and none of them lost."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import anyio


class Connection(Protocol):
    """What the pool needs of a connection. Given."""

    @property
    def closed(self) -> bool:
        """Whether it is closed: by its pool, by the block that had it, or by the other side."""

    async def aclose(self) -> None:
        """Close it."""


class PoolClosedError(Exception):
    """The pool is closed. Given."""


@dataclass(frozen=True)
class PoolStats:
    """What a pool is doing now. Given."""

    leased: int
    idle: int
    waiting: int


C = TypeVar("C", bound=Connection)


class ConnectionPool(Generic[C]):
    """At most `size` connections, leased to one block at a time.

    Args:
        connect: makes a connection.
        size: how many connections there may be.
        acquire_timeout: seconds that `lease` may take to get a connection.
        close_timeout: seconds that closing a connection may take.

    Raises:
        ValueError: `size` is less than 1.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        *,
        size: int,
        acquire_timeout: float = math.inf,
        close_timeout: float = 5.0,
    ) -> None:
        if size < 1:
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._slots = anyio.Semaphore(size)
        self._idle: list[C] = []
        self._leased = 0
        self._waiting = 0
        self._open = 0  # connections that are being made, idle, leased or being closed
        self._closed = False
        self._all_closed = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        """What the pool is doing now."""
        return PoolStats(leased=self._leased, idle=len(self._idle), waiting=self._waiting)

    def lease(self) -> AbstractAsyncContextManager[C]:
        """Lend a connection to a block. This works whether `async with pool` was used or not.

        Raises:
            TimeoutError: there was none within `acquire_timeout`.
            PoolClosedError: the pool is closed.
        """
        return self._lease()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
        self._leased += 1
        try:
            yield conn
        finally:
            self._leased -= 1
            if self._closed:
                await self._close(conn)
            else:
                self._idle.append(conn)
                self._slots.release()

    async def _acquire(self) -> C:
        """Get a slot, then an idle connection or a new one."""
        if not self._closed:
            self._waiting += 1
            try:
                await self._slots.acquire()
            finally:
                self._waiting -= 1
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._note_gone()
            raise

    def _note_gone(self) -> None:
        """Free the slot of a connection that is gone or could not be made. Complete; it is not a checkpoint."""
        self._open -= 1
        self._slots.release()
        if self._closed and not self._open:
            self._all_closed.set()

    async def _close(self, conn: C) -> None:
        """Close a connection; then its slot is free. Complete, as far as the core goes."""
        try:
            await conn.aclose()
        finally:
            self._note_gone()

    async def aclose(self) -> None:
        """Close the pool: nobody gets a connection any more. Returns when the last one is closed."""
        self._closed = True
        for _ in range(self._waiting):
            self._slots.release()
        while self._idle:
            await self._close(self._idle.pop())
        if self._open:
            await self._all_closed.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()
