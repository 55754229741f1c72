"""Built from counted slots and a deque of waiters, which get a connection or a slot handed over."""

from __future__ import annotations

import math
from collections import deque
from contextlib import asynccontextmanager
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


class Waiter:
    def __init__(self):
        self.event = anyio.Event()
        self.given = False
        self.refused = False
        self.conn = None


class ConnectionPool(Generic[C]):
    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0):
        if size < 1:
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._size = size
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._idle = []
        self._used = 0
        self._leased = 0
        self._waiters = deque()
        self._closed = False
        self._empty = anyio.Event()

    @property
    def stats(self):
        return PoolStats(self._leased, len(self._idle), len(self._waiters))

    @asynccontextmanager
    async def lease(self):
        conn = await self._acquire()
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
                self._give(conn)

    async def _acquire(self):
        if self._closed:
            raise PoolClosedError
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._slot()
            if conn is None:
                try:
                    conn = await self._connect()
                except BaseException:
                    self._give(None)
                    raise
        self._leased += 1
        return conn

    async def _slot(self):
        if self._idle:
            return self._idle.pop()
        if self._used < self._size:
            self._used += 1
            return None
        waiter = Waiter()
        self._waiters.append(waiter)
        try:
            await waiter.event.wait()
        except BaseException:
            if waiter.given:
                if waiter.conn is not None and self._closed:
                    await self._close(waiter.conn)
                else:
                    self._give(waiter.conn)
            elif not waiter.refused:
                self._waiters.remove(waiter)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn

    def _give(self, conn):
        if self._waiters:
            waiter = self._waiters.popleft()
            waiter.given = True
            waiter.conn = conn
            waiter.event.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._used -= 1
            if self._closed and not self._used:
                self._empty.set()

    async def _close(self, conn):
        try:
            with anyio.move_on_after(self._close_timeout, shield=True):
                await conn.aclose()
        except Exception:
            pass
        finally:
            self._give(None)

    async def aclose(self):
        self._closed = True
        waiters = list(self._waiters)
        self._waiters.clear()
        for waiter in waiters:
            waiter.refused = True
            waiter.event.set()
        idle = list(self._idle)
        self._idle.clear()
        async with anyio.create_task_group() as tg:
            for conn in idle:
                tg.start_soon(self._close, conn)
        if self._used:
            await self._empty.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.aclose()
