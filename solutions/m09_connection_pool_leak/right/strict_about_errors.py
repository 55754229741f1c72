"""Whatever error or cancellation ends a block, its connection is closed; callers that connect are refused at once."""

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

        self.room = size
        self.idle: list[C] = []
        self.leased = 0
        self.line: list[anyio.Event] = []
        self.granted: set[anyio.Event] = set()
        self.making: set[anyio.CancelScope] = set()
        self.down = False
        self.zero = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(self.leased, len(self.idle), len(self.line))

    def _release(self) -> None:
        """Let a slot go; an idle connection, if there is one, waits in it."""
        if self.line:
            event = self.line.pop(0)
            self.granted.add(event)
            event.set()
        else:
            self.room += 1
            if self.down and self.room == self.size:
                self.zero.set()

    async def _slot(self) -> None:
        if self.down:
            raise PoolClosedError
        if self.room:
            self.room -= 1
            return
        event = anyio.Event()
        self.line.append(event)
        done = False
        try:
            await event.wait()
            done = True
        finally:
            if event in self.granted:
                self.granted.remove(event)
                if not done:
                    self._release()
            elif event in self.line:
                self.line.remove(event)
            elif done:
                raise PoolClosedError

    async def _discard(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self.close_timeout, shield=True):
                await conn.aclose()
        finally:
            self._release()

    async def _take(self) -> C:
        await self._slot()
        while self.idle:
            conn = self.idle.pop(0)
            if not conn.closed:
                return conn
        conn = None
        scope = anyio.CancelScope()
        self.making.add(scope)
        try:
            with scope:
                conn = await self.connect()
        finally:
            self.making.discard(scope)
            if conn is None:
                self._release()
        if conn is None:
            raise PoolClosedError
        if self.down:
            await self._discard(conn)
            raise PoolClosedError
        return conn

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self.acquire_timeout):
            conn = await self._take()
        self.leased += 1
        try:
            yield conn
        except BaseException:
            self.leased -= 1
            try:
                await self._discard(conn)
            except Exception:
                pass
            raise
        self.leased -= 1
        if conn.closed:
            self._release()
        elif self.down:
            await self._discard(conn)
        else:
            self.idle.append(conn)
            self._release()

    async def aclose(self) -> None:
        self.down = True
        line, self.line = self.line, []
        for event in line:
            event.set()
        for scope in self.making:
            scope.cancel()
        errors = []
        idle, self.idle = self.idle, []
        self.room -= len(idle)
        for conn in idle:
            try:
                await self._discard(conn)
            except Exception as error:
                errors.append(error)
        if self.room < self.size:
            await self.zero.wait()
        if errors:
            raise errors[0]

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
