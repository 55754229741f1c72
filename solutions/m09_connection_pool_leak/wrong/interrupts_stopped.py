"""Stops whatever a block or `connect` or closing raises that is no error.

Breaks: G5
Also: R7
"""

from __future__ import annotations
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar
import anyio


class Connection(Protocol):
    @property
    def closed(self) -> bool: ...

    async def aclose(self) -> None: ...


class PoolClosedError(Exception): ...


@dataclass(frozen=True)
class PoolStats:
    leased: int
    idle: int
    waiting: int


C = TypeVar("C", bound=Connection)


@dataclass(eq=False)
class Waiter(Generic[C]):
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
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._empty = self._size = size
        self._idle: list[C] = []
        self._leased = 0
        self._line: deque[Waiter[C]] = deque()
        self._closed = False
        self._all_empty = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(leased=self._leased, idle=len(self._idle), waiting=len(self._line))

    def lease(self) -> AbstractAsyncContextManager[C]:
        return self._lease()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
        self._leased += 1
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:
            if isinstance(error, Exception):
                raise
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)

    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            return await self._connect()
        except BaseException:
            self._hand_on(None)
            raise

    async def _slot(self) -> C | None:
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        if self._empty:
            self._empty -= 1
            return None
        waiter: Waiter[C] = Waiter()
        self._line.append(waiter)
        try:
            await waiter.ready.wait()
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:
                await self._give_back(waiter.conn)
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
            self._empty += 1
            if self._closed and self._empty == self._size:
                self._all_empty.set()

    async def _give_back(self, conn: C | None, *, broken: bool = False) -> None:
        if conn is not None and (broken or conn.closed or self._closed):
            await self._close(conn)
        else:
            self._hand_on(conn)

    async def _close(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self._close_timeout, shield=True), suppress(Exception):
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._hand_on(None)

    async def aclose(self) -> None:
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        idle, self._idle = (self._idle, [])
        async with anyio.create_task_group() as group:
            for conn in idle:
                group.start_soon(self._close, conn)
        if self._empty < self._size:
            await self._all_empty.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()
