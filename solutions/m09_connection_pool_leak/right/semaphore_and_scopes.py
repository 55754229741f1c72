"""A semaphore counts the slots; a cancel scope around each wait lets `aclose` end it."""

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

        self.slots = anyio.Semaphore(size)
        self.idle: list[C] = []
        self.waits: set[anyio.CancelScope] = set()
        self.taken = 0
        self.leased = 0
        self.closing = False
        self.drained = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(self.leased, len(self.idle), len(self.waits))

    async def _take_slot(self) -> None:
        if self.closing:
            raise PoolClosedError("closed")
        with anyio.CancelScope() as wait:
            self.waits.add(wait)
            try:
                await self.slots.acquire()
                self.taken += 1
            finally:
                self.waits.discard(wait)
        if wait.cancelled_caught:
            raise PoolClosedError("closed while waiting")
        if self.closing:
            self._drop_slot()
            raise PoolClosedError("closed just now")

    def _drop_slot(self) -> None:
        self.taken -= 1
        self.slots.release()
        if self.closing and not self.taken:
            self.drained.set()

    async def _close(self, conn: C) -> None:
        with anyio.move_on_after(self.close_timeout, shield=True):
            try:
                await conn.aclose()
            except Exception:
                pass

    async def _connection(self) -> C:
        await self._take_slot()
        try:
            if self.idle:
                return self.idle.pop()
            return await self.connect()
        except BaseException:
            self._drop_slot()
            raise

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self.acquire_timeout):
            conn = await self._connection()
        self.leased += 1
        good = True
        try:
            yield conn
        except ConnectionError:
            good = False
            raise
        finally:
            self.leased -= 1
            try:
                if conn.closed:
                    pass
                elif good and not self.closing:
                    self.idle.append(conn)
                else:
                    await self._close(conn)
            finally:
                self._drop_slot()

    async def aclose(self) -> None:
        self.closing = True
        for wait in self.waits:
            wait.cancel()
        idle, self.idle = self.idle, []
        self.taken += len(idle)
        try:
            for conn in idle:
                await self._close(conn)
        finally:
            self.taken -= len(idle)
            if not self.taken:
                self.drained.set()
        if self.taken:
            await self.drained.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
