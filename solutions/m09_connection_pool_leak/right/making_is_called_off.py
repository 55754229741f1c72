"""`aclose` cancels what is being made: its caller gets `PoolClosedError`."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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
    """Somebody who waits in line. Complete: use it, change it or leave it.

    `ready` is set when the wait is over: `conn` is theirs, or an empty slot (None), or the pool closed (`refused`).
    """

    ready: anyio.Event = field(default_factory=anyio.Event)
    conn: C | None = None
    refused: bool = False


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
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._size = size
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._open = 0
        self._leased = 0
        self._making: set[anyio.CancelScope] = set()
        self._idle: list[C] = []
        self._line: deque[Waiter[C]] = deque()
        self._closed = False
        self._empty = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(leased=self._leased, idle=len(self._idle), waiting=len(self._line))

    def lease(self) -> AbstractAsyncContextManager[C]:
        return self._lease()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._slot()
            if conn is None:
                with anyio.CancelScope() as making:
                    self._making.add(making)
                    try:
                        conn = await self._connect()
                    except BaseException:
                        self._hand_on(None)
                        raise
                    finally:
                        self._making.discard(making)
                if conn is None:
                    raise PoolClosedError
        self._leased += 1
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            self._leased -= 1
            if broken or conn.closed or self._closed:
                await self._close(conn)
            else:
                self._hand_on(conn)

    async def _slot(self) -> C | None:
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        if self._open < self._size:
            self._open += 1
            return None
        waiter: Waiter[C] = Waiter()
        self._line.append(waiter)
        try:
            await waiter.ready.wait()
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:
                if self._closed and waiter.conn is not None:
                    await self._close(waiter.conn)
                else:
                    self._hand_on(waiter.conn)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn

    def _hand_on(self, conn: C | None) -> None:
        if self._line:
            waiter = self._line.popleft()
            waiter.conn = conn
            waiter.ready.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._open -= 1
            if self._closed and self._open == 0:
                self._empty.set()

    async def _close(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self._close_timeout, shield=True):
                await conn.aclose()
        except Exception:
            pass
        finally:
            self._hand_on(None)

    async def aclose(self) -> None:
        self._closed = True
        for making in self._making:
            making.cancel()
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        while self._idle:
            await self._close(self._idle.pop())
        if self._open:
            await self._empty.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()
