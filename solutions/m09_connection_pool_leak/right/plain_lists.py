"""Lists and flags only; every connection that leaves is closed, closed already or not; errors of idle ones leave when all are closed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import anyio


class PoolClosedError(Exception):
    """The pool is closed."""


@dataclass(frozen=True)
class PoolStats:
    """What a pool is doing now."""

    leased: int
    idle: int
    waiting: int


class Lease:
    def __init__(self, pool):
        self.pool = pool
        self.conn = None

    async def __aenter__(self):
        with anyio.fail_after(self.pool.acquire_timeout):
            self.conn = await self.pool.take()
        self.pool.leased = self.pool.leased + 1
        return self.conn

    async def __aexit__(self, kind, error, traceback):
        pool = self.pool
        pool.leased = pool.leased - 1
        bad = isinstance(error, ConnectionError) or self.conn.closed
        cancelled = error is not None and not isinstance(error, Exception)
        if not (bad or cancelled or pool.is_closed):
            pool.pass_on(self.conn)
            return False
        try:
            await pool.close(self.conn)
        except Exception:
            if error is None:
                raise
        return False


class ConnectionPool:
    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0):
        if size < 1:
            raise ValueError("a pool needs room for one connection")
        self.connect = connect
        self.acquire_timeout = acquire_timeout
        self.close_timeout = close_timeout
        self.room = size
        self.size = size
        self.idle = []
        self.leased = 0
        self.queue = []
        self.is_closed = False
        self.nothing_open = anyio.Event()

    @property
    def stats(self):
        return PoolStats(self.leased, len(self.idle), len(self.queue))

    def lease(self):
        return Lease(self)

    async def take(self):
        if self.is_closed:
            raise PoolClosedError("closed")
        if len(self.idle) > 0:
            return self.idle.pop(0)
        if self.room > 0:
            self.room = self.room - 1
            conn = None
        else:
            conn = await self.wait_in_line()
        if conn is None:
            try:
                conn = await self.connect()
            except BaseException:
                self.pass_on(None)
                raise
        return conn

    async def wait_in_line(self):
        place = {"event": anyio.Event(), "got": False, "conn": None}
        self.queue.append(place)
        try:
            await place["event"].wait()
        except BaseException:
            if place in self.queue:
                self.queue.remove(place)
            if place["got"]:
                if place["conn"] is not None and self.is_closed:
                    await self.close(place["conn"])
                else:
                    self.pass_on(place["conn"])
            raise
        if not place["got"]:
            raise PoolClosedError("closed while waiting")
        return place["conn"]

    def pass_on(self, conn):
        if len(self.queue) > 0:
            place = self.queue.pop(0)
            place["got"] = True
            place["conn"] = conn
            place["event"].set()
            return
        if conn is not None:
            self.idle.append(conn)
            return
        self.room = self.room + 1
        if self.is_closed and self.room == self.size:
            self.nothing_open.set()

    async def close(self, conn):
        try:
            with anyio.CancelScope(shield=True):
                with anyio.move_on_after(self.close_timeout):
                    await conn.aclose()
        finally:
            self.pass_on(None)

    async def aclose(self):
        self.is_closed = True
        while len(self.queue) > 0:
            self.queue.pop(0)["event"].set()
        errors = []
        while len(self.idle) > 0:
            try:
                await self.close(self.idle.pop())
            except Exception as error:
                errors.append(error)
        if self.room < self.size:
            await self.nothing_open.wait()
        if len(errors) > 0:
            raise errors[0]

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, traceback):
        await self.aclose()
