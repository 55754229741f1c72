"""A pool of connections: reference solution."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
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


@dataclass(eq=False)
class Waiter(Generic[C]):
    """Somebody who waits in line: `ready` is set when `conn` or an empty slot is theirs, or when the pool closed."""

    ready: anyio.Event = field(default_factory=anyio.Event)
    conn: C | None = None
    refused: bool = False


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
        self._empty = self._size = size  # slots that hold no connection and belong to nobody
        self._idle: list[C] = []
        self._leased = 0
        self._line: deque[Waiter[C]] = deque()  # while somebody waits, no slot is empty and no connection idle
        self._closed = False
        self._all_empty = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        """What the pool is doing now."""
        return PoolStats(leased=self._leased, idle=len(self._idle), waiting=len(self._line))

    def lease(self) -> AbstractAsyncContextManager[C]:
        """Lend a connection to a block.

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
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)

    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            return await self._connect()
        except BaseException:
            self._hand_on(None)
            raise

    async def _slot(self) -> C | None:
        """Get a slot: with an idle connection in it, or empty (None)."""
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        if self._empty:
            self._empty -= 1
            return None
        waiter: Waiter[C] = Waiter()
        self._line.append(waiter)
        try:
            await waiter.ready.wait()
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:  # the slot came at the same time
                await self._give_back(waiter.conn)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn

    def _hand_on(self, conn: C | None) -> None:
        """Pass a slot, with or without a connection, to who waits longest."""
        if self._line:
            waiter = self._line.popleft()
            waiter.conn = conn
            waiter.ready.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._note_gone()

    def _note_gone(self) -> None:
        """Note that a slot is empty, and that nobody waits for it."""
        self._empty += 1
        if self._closed and self._empty == self._size:
            self._all_empty.set()

    async def _give_back(self, conn: C | None, *, broken: bool = False) -> None:
        """Keep the connection of a slot for the next, or close it. Nothing interrupts that."""
        if conn is not None and (broken or conn.closed or self._closed):
            await self._close(conn)
        else:
            self._hand_on(conn)

    async def _close(self, conn: C) -> None:
        """Close a connection, whatever happens, but not for ever; then its slot is empty."""
        try:
            with anyio.move_on_after(self._close_timeout, shield=True), suppress(Exception):
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._hand_on(None)

    async def aclose(self) -> None:
        """Close the pool: nobody gets a connection any more. Returns when the last one is closed."""
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        idle, self._idle = self._idle, []
        async with anyio.create_task_group() as group:
            for conn in idle:
                group.start_soon(self._close, conn)
        if self._empty < self._size:
            await self._all_empty.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()
