"""Slots go round in a memory object stream: an idle connection, or None for room to make one."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio


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

        self.put, self.get = anyio.create_memory_object_stream[C | None](size)
        for _ in range(size):
            self.put.send_nowait(None)
        self.leased = 0
        self.left = size
        self.closing = False
        self.all_gone = anyio.Event()
        self.kept = 0

    @property
    def stats(self) -> PoolStats:
        waiting = 0 if self.closing else self.get.statistics().tasks_waiting_receive
        return PoolStats(self.leased, self.kept, waiting)

    def _return(self, conn: C | None) -> None:
        if self.closing:
            self.left -= 1
            if not self.left:
                self.all_gone.set()
        else:
            # Room to make one goes behind the idle ones, so that those are used first.
            self.kept += conn is not None
            self.put.send_nowait(conn)

    async def _next(self) -> C | None:
        if self.closing:
            raise PoolClosedError
        try:
            conn = await self.get.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            raise PoolClosedError from None
        skipped = []
        while conn is None and self.kept:
            skipped.append(conn)
            conn = self.get.receive_nowait()
        for empty in skipped:
            self.put.send_nowait(empty)
        self.kept -= conn is not None
        return conn

    async def _close(self, conn: C) -> None:
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + self.close_timeout, shield=True):
                if not conn.closed:
                    await conn.aclose()
        except Exception:
            pass
        finally:
            self._return(None)

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self.acquire_timeout):
            conn = await self._next()
            if conn is None:
                try:
                    conn = await self.connect()
                except BaseException:
                    self._return(None)
                    raise
        self.leased += 1
        try:
            yield conn
        except ConnectionError:
            self.leased -= 1
            await self._close(conn)
            raise
        except BaseException:
            self.leased -= 1
            await self._settle(conn)
            raise
        else:
            self.leased -= 1
            await self._settle(conn)

    async def _settle(self, conn: C) -> None:
        if conn.closed or self.closing:
            await self._close(conn)
        else:
            self._return(conn)

    async def aclose(self) -> None:
        if not self.closing:
            self.closing = True
            idle = []
            while True:
                try:
                    conn = self.get.receive_nowait()
                except (anyio.WouldBlock, anyio.EndOfStream):
                    break
                if conn is None:
                    self._return(None)
                else:
                    idle.append(conn)
            self.kept = 0
            self.put.close()
            for conn in idle:
                await self._close(conn)
            self.get.close()
        if self.left:
            await self.all_gone.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
