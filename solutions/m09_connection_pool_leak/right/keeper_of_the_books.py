"""One book of entries, each with a state; whatever changes sets one event for all, and whose turn it is sees it; leases are a context manager of their own; a closed one is closed once more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count

import anyio


class PoolClosedError(Exception):
    """The pool is closed."""


@dataclass(frozen=True)
class PoolStats:
    """What a pool is doing now."""

    leased: int
    idle: int
    waiting: int


class Entry:
    def __init__(self, state):
        self.state = state
        self.conn = None


class ConnectionPool:
    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0):
        self.connect, self.size = connect, size
        self.acquire_timeout, self.close_timeout = acquire_timeout, close_timeout
        self.book = []
        self.queue = []
        self.numbers = count()
        self.shut = False
        self.news = anyio.Event()
        if size < 1:
            raise ValueError(size)

    def of(self, state):
        return [entry for entry in self.book if entry.state == state]

    def tell(self):
        self.news.set()
        self.news = anyio.Event()

    @property
    def stats(self):
        return PoolStats(len(self.of("leased")), len(self.of("idle")), len(self.queue))

    def lease(self):
        return Lease(self)

    def find(self):
        """An entry for who is next: an idle one, or a new one if there is room."""
        if idle := self.of("idle"):
            return idle[-1]
        if len(self.book) < self.size:
            self.book.append(Entry("empty"))
            return self.book[-1]
        return None

    async def entry(self):
        if self.shut:
            raise PoolClosedError("the pool is closed")
        if not self.queue and (entry := self.find()):
            return entry
        number = next(self.numbers)
        self.queue.append(number)
        try:
            while True:
                await self.news.wait()
                if self.shut:
                    raise PoolClosedError("the pool was closed")
                if self.queue[0] == number and (entry := self.find()):
                    return entry
        finally:
            self.queue.remove(number)
            self.tell()

    async def fill(self, entry):
        entry.state = "being made"
        try:
            entry.conn = await self.connect()
        except BaseException:
            self.strike(entry)
            raise

    def strike(self, entry):
        self.book.remove(entry)
        self.tell()

    async def close(self, entry):
        entry.state = "being closed"
        try:
            with anyio.move_on_after(self.close_timeout, shield=True):
                await entry.conn.aclose()
        except Exception:  # noqa: S110 - gone is gone
            pass
        finally:
            self.strike(entry)

    async def aclose(self):
        self.shut = True
        self.tell()
        async with anyio.create_task_group() as group:
            for entry in self.of("idle"):
                entry.state = "being closed"
                group.start_soon(self.close, entry)
        while self.book:
            await self.news.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.aclose()


class Lease:
    def __init__(self, pool):
        self.pool = pool
        self.entry = None

    async def __aenter__(self):
        with anyio.fail_after(self.pool.acquire_timeout):
            self.entry = await self.pool.entry()
            if self.entry.conn is None:
                await self.pool.fill(self.entry)
        self.entry.state = "leased"
        return self.entry.conn

    async def __aexit__(self, kind, error, traceback):
        pool, entry = self.pool, self.entry
        if pool.shut or entry.conn.closed or (kind is not None and issubclass(kind, ConnectionError)):
            await pool.close(entry)
        else:
            entry.state = "idle"
            pool.tell()
