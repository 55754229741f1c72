"""One condition for everything; tickets keep the order; giving back takes the lock behind a shield."""

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

        self.changed = anyio.Condition()
        self.tickets: deque[object] = deque()
        self.idle: deque[C] = deque()
        self.open = 0
        self.lent = 0
        self.shut = False

    @property
    def stats(self) -> PoolStats:
        return PoolStats(leased=self.lent, idle=len(self.idle), waiting=len(self.tickets))

    async def _update(self, open: int = 0, keep: C | None = None) -> None:
        with anyio.CancelScope(shield=True):
            async with self.changed:
                self.open += open
                if keep is not None:
                    self.idle.append(keep)
                self.changed.notify_all()

    async def _my_turn(self) -> C | None:
        ticket = object()
        async with self.changed:
            if self.shut:
                raise PoolClosedError
            self.tickets.append(ticket)
            try:
                while not self.shut and (self.tickets[0] is not ticket or not (self.idle or self.open < self.size)):
                    await self.changed.wait()
                if self.shut:
                    raise PoolClosedError
                if self.idle:
                    return self.idle.popleft()
                self.open += 1
                return None
            finally:
                self.tickets.remove(ticket)
                self.changed.notify_all()

    async def _end(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self.close_timeout, shield=True):
                await conn.aclose()
        except Exception:
            pass
        finally:
            await self._update(open=-1)

    async def _get(self) -> C:
        conn = await self._my_turn()
        if conn is not None:
            return conn
        try:
            return await self.connect()
        except BaseException:
            await self._update(open=-1)
            raise

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self.acquire_timeout):
            conn = await self._get()
        self.lent += 1
        broken = False
        try:
            yield conn
        except BaseException as error:
            broken = isinstance(error, ConnectionError)
            raise
        finally:
            self.lent -= 1
            if broken or conn.closed or self.shut:
                await self._end(conn)
            else:
                self.idle.append(conn)
                if self.tickets:
                    await self._update()

    async def aclose(self) -> None:
        self.shut = True
        await self._update()
        conns = list(self.idle)
        self.idle.clear()
        async with anyio.create_task_group() as group:
            for conn in conns:
                group.start_soon(self._end, conn)
        async with self.changed:
            while self.open:
                await self.changed.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
