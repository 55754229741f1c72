"""A lease is an object with `__aenter__` and `__aexit__`; a capacity limiter holds a slot on its behalf."""

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


class Lease(Generic[C]):
    def __init__(self, pool: ConnectionPool[C]) -> None:
        if pool.closed:
            raise PoolClosedError("the pool is closed")
        self.pool = pool

    async def __aenter__(self) -> C:
        pool = self.pool
        with anyio.fail_after(pool.acquire_timeout):
            await self.wait_for_slot()
            try:
                if pool.closed:
                    raise PoolClosedError("the pool is closed")
                self.conn = pool.idle.pop() if pool.idle else await pool.connect()
            except BaseException:
                pool.free(self)
                raise
        pool.leased.add(self)
        return self.conn

    async def wait_for_slot(self) -> None:
        pool = self.pool
        try:
            pool.slots.acquire_on_behalf_of_nowait(self)
            return
        except anyio.WouldBlock:
            pass
        pool.waiting += 1
        refused = False
        try:
            async with anyio.create_task_group() as group:

                async def watch() -> None:
                    nonlocal refused
                    await pool.closing.wait()
                    refused = True
                    group.cancel_scope.cancel()

                group.start_soon(watch)
                await pool.slots.acquire_on_behalf_of(self)
                got = True
                group.cancel_scope.cancel()
        except BaseException:
            if self in pool.slots.statistics().borrowers:
                pool.free(self)
            pool.look()
            raise
        finally:
            pool.waiting -= 1
        if refused:
            if self in pool.slots.statistics().borrowers:
                pool.free(self)
            pool.look()
            raise PoolClosedError("the pool was closed")

    async def __aexit__(self, kind, error, tb) -> None:
        pool = self.pool
        pool.leased.discard(self)
        try:
            if isinstance(error, ConnectionError) or self.conn.closed or pool.closed:
                await pool.throw_away(self.conn)
            else:
                pool.idle.append(self.conn)
        finally:
            pool.free(self)


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

        self.slots = anyio.CapacityLimiter(size)
        self.idle: list[C] = []
        self.leased: set[Lease[C]] = set()
        self.waiting = 0
        self.closing = anyio.Event()
        self.empty = anyio.Event()
        self.closed = False
        self.closes = 0

    @property
    def stats(self) -> PoolStats:
        return PoolStats(len(self.leased), len(self.idle), self.waiting)

    def lease(self) -> Lease[C]:
        return Lease(self)

    def free(self, lease: Lease[C]) -> None:
        self.slots.release_on_behalf_of(lease)
        self.look()

    def look(self) -> None:
        if self.closed and not self.slots.borrowed_tokens and not self.closes:
            self.empty.set()

    async def throw_away(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self.close_timeout, shield=True):
                if not conn.closed:
                    await conn.aclose()
        except Exception:
            pass

    async def aclose(self) -> None:
        self.closed = True
        self.closing.set()
        try:
            while self.idle:
                self.closes += 1
                try:
                    await self.throw_away(self.idle.pop())
                finally:
                    self.closes -= 1
        finally:
            self.look()
        await self.empty.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
