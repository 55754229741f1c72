"""Subclasses of what is named: of the statistics, the errors, `dict` and `deque`; a helper task for each closing, which its caller waits for."""

from __future__ import annotations

import math
from collections import deque
from contextlib import asynccontextmanager
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


class Numbers(PoolStats):
    @property
    def open(self):
        return self.leased + self.idle


class NobodyCame(TimeoutError):
    """There was no connection in time."""


class Gone(PoolClosedError):
    """The pool was closed."""


class Line(deque):
    def drop(self, place):
        if place in self:
            self.remove(place)
            return True
        return False


class Place(dict):
    __slots__ = ("ready",)

    def __init__(self):
        super().__init__()
        self.ready = anyio.Event()

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__

    def give(self, **what):
        self.update(what)
        self.ready.set()


class ConnectionPool:
    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0, name="pool"):
        if not size >= 1:
            raise ValueError(f"{name} cannot have {size} connections")
        self.name, self._connect, self._size = name, connect, size
        self._acquire_timeout, self._close_timeout = acquire_timeout, close_timeout
        self._states = {"being made": 0, "leased": 0, "being closed": 0}
        self._idle, self._line, self._over = deque(), Line(), False
        self._changed = anyio.Event()

    def _count(self, state, change):
        self._states[state] += change
        self._changed.set()
        self._changed = anyio.Event()

    @property
    def stats(self):
        return Numbers(leased=self._states["leased"], idle=len(self._idle), waiting=len(self._line))

    @asynccontextmanager
    async def lease(self):
        scope = anyio.CancelScope(deadline=anyio.current_time() + self._acquire_timeout)
        conn = None
        with scope:
            conn = await self._acquire()
        if conn is None:
            raise NobodyCame(self.name)
        error = None
        try:
            yield conn
        except BaseException as caught:
            error = caught
            raise
        finally:
            self._states["leased"] -= 1
            if self._over or conn.closed or isinstance(error, ConnectionError):
                await self._close(conn)
            else:
                self._idle.append(conn)
                self._serve()

    def _serve(self):
        """Give what is free to those at the head of the line."""
        while self._line and (self._idle or self._taken < self._size):
            if self._idle:
                conn = self._idle.popleft()
                self._states["leased"] += 1
                self._line.popleft().give(conn=conn)
            else:
                self._states["being made"] += 1
                self._line.popleft().give(make=True)
        self._count("leased", 0)

    @property
    def _taken(self):
        return sum(self._states.values()) + len(self._idle)

    async def _acquire(self):
        if self._over:
            raise Gone(self.name)
        place = Place()
        self._line.append(place)
        self._serve()
        try:
            if not place.ready.is_set():
                await place.ready.wait()
        except BaseException:
            if not self._line.drop(place):
                await self._take_back(place)
            raise
        if "conn" in place:
            return place["conn"]
        if "make" not in place:
            raise Gone(self.name)
        try:
            conn = await self._connect()
        except BaseException:
            self._states["being made"] -= 1
            self._serve()
            raise
        self._states["being made"] -= 1
        self._states["leased"] += 1
        return conn

    async def _take_back(self, place):
        if "make" in place:
            self._states["being made"] -= 1
        elif "conn" in place:
            self._states["leased"] -= 1
            if self._over or place["conn"].closed:
                await self._close(place["conn"])
                return
            self._idle.append(place["conn"])
        self._serve()

    async def _close(self, conn):
        self._states["being closed"] += 1
        try:
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as group:
                    group.start_soon(self._close_in_time, conn)
        finally:
            self._states["being closed"] -= 1
            self._serve()

    async def _close_in_time(self, conn):
        with anyio.move_on_after(self._close_timeout):
            try:
                await conn.aclose()
            except Exception:
                return

    async def aclose(self):
        self._over = True
        while self._line:
            self._line.popleft().give(closed=True)
        idle = [*self._idle]
        self._idle.clear()
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                for conn in idle:
                    group.start_soon(self._close, conn)
        while self._taken:
            await self._changed.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.aclose()
