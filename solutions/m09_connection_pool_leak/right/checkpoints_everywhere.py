"""Passes checkpoints wherever one is allowed, hands out the oldest connection, and tells of a close that was given up."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio

import anyio.lowlevel


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

        self._queue: deque[tuple[anyio.Event, list]] = deque()
        self._idle: deque[C] = deque()
        self._made = 0
        self._used = 0
        self._stopped = False
        self._last = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(self._used, len(self._idle), len(self._queue))

    def _pass(self, thing: C | None) -> None:
        if self._queue:
            event, box = self._queue.popleft()
            box.append(thing)
            event.set()
        elif thing is None:
            self._made -= 1
            if self._stopped and not self._made:
                self._last.set()
        else:
            self._idle.append(thing)

    async def _end(self, conn: C) -> None:
        try:
            with anyio.fail_after(self.close_timeout, shield=True):
                await anyio.lowlevel.checkpoint()
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._pass(None)

    async def _get(self) -> C:
        await anyio.lowlevel.checkpoint()
        if self._stopped:
            raise PoolClosedError("closed")
        if self._idle:
            return self._idle.popleft()
        if self._made < self.size:
            self._made += 1
        else:
            event, box = entry = anyio.Event(), []
            self._queue.append(entry)
            try:
                await event.wait()
                if not box:
                    raise PoolClosedError("closed")
                await anyio.lowlevel.checkpoint()
            except BaseException:
                if entry in self._queue:
                    self._queue.remove(entry)
                if box and box[0] is not None and self._stopped:
                    try:
                        await self._end(box[0])
                    except Exception:
                        pass
                elif box:
                    self._pass(box[0])
                raise
            if box[0] is not None:
                return box[0]
        conn = None
        try:
            await anyio.lowlevel.checkpoint()
            conn = await self.connect()
            await anyio.lowlevel.checkpoint()
        except BaseException:
            if conn is None:
                self._pass(None)
            elif self._stopped:
                try:
                    await self._end(conn)
                except Exception:
                    pass
            else:
                self._pass(conn)
            raise
        return conn

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self.acquire_timeout):
            conn = await self._get()
        self._used += 1
        try:
            yield conn
        except BaseException as error:
            self._used -= 1
            if isinstance(error, (ConnectionError, OSError, ExceptionGroup)) or conn.closed or self._stopped:
                try:
                    await self._end(conn)
                except Exception:
                    pass
            else:
                self._pass(conn)
            raise
        self._used -= 1
        if conn.closed or self._stopped:
            await self._end(conn)
        else:
            self._pass(conn)
        await anyio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self._stopped = True
        for event, _ in self._queue:
            event.set()
        self._queue.clear()
        errors = []
        while self._idle:
            try:
                await self._end(self._idle.popleft())
            except Exception as error:
                errors.append(error)
        await anyio.lowlevel.checkpoint()
        if self._made:
            await self._last.wait()
        if errors:
            raise ExceptionGroup("closing failed", errors)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
