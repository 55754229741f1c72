"""A child task makes the connection, so errors come in groups; deadlines are worked out by hand."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio

from anyio.lowlevel import checkpoint


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

        self.free = size
        self.idle: deque[C] = deque()
        self.out: set[int] = set()
        self.queue: deque[list] = deque()
        self.refusing = False
        self.gone = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        return PoolStats(len(self.out), len(self.idle), len(self.queue))

    def serve(self) -> None:
        while self.queue and (self.idle or self.free):
            box, event = self.queue.popleft()
            if self.idle:
                box.append(self.idle.popleft())
            else:
                self.free -= 1
                box.append(None)
            event.set()
        if self.refusing and self.free == self.size:
            self.gone.set()

    async def close(self, conn: C) -> None:
        try:
            with anyio.CancelScope(shield=True) as scope:
                scope.deadline = anyio.current_time() + self.close_timeout
                if not conn.closed:
                    await conn.aclose()
        except Exception:
            pass
        finally:
            self.free += 1
            self.serve()

    async def keep(self, conn: C) -> None:
        if self.refusing or conn.closed:
            await self.close(conn)
        else:
            self.idle.append(conn)
            self.serve()

    async def acquire(self, deadline: float) -> C:
        box: list = []
        event = anyio.Event()
        entry = [box, event]
        self.queue.append(entry)
        self.serve()
        try:
            with anyio.CancelScope(deadline=deadline):
                await event.wait()
        finally:
            if entry in self.queue:
                self.queue.remove(entry)
            elif box and event.is_set() and anyio.current_time() >= deadline and False:
                pass
        return box

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        if self.refusing:
            raise PoolClosedError
        deadline = anyio.current_time() + self.acquire_timeout
        box: list = []
        entry = (box, anyio.Event())
        self.queue.append(entry)
        self.serve()
        try:
            with anyio.CancelScope(deadline=deadline):
                if not box:
                    await entry[1].wait()
        except BaseException:
            if box and box[0] is not None:
                await self.keep(box[0])
            elif box:
                self.free += 1
                self.serve()
            raise
        finally:
            if entry in self.queue:
                self.queue.remove(entry)
        if not box:
            if entry[1].is_set():
                raise PoolClosedError
            raise TimeoutError("no connection became free")
        conn = box[0]
        if conn is None:
            made: list[C] = []

            async def make() -> None:
                made.append(await self.connect())

            try:
                with anyio.CancelScope(deadline=deadline) as scope:
                    async with anyio.create_task_group() as group:
                        group.start_soon(make)
                if not made:
                    raise TimeoutError("connecting took too long")
            except BaseException:
                if made:
                    await self.keep(made[0])
                else:
                    self.free += 1
                    self.serve()
                raise
            conn = made[0]
        key = id(conn)
        self.out.add(key)
        try:
            yield conn
        except ConnectionError:
            self.out.discard(key)
            await self.close(conn)
            raise
        finally:
            if key in self.out:
                self.out.discard(key)
                await self.keep(conn)

    async def aclose(self) -> None:
        self.refusing = True
        while self.queue:
            self.queue.popleft()[1].set()
        idle = [self.idle.popleft() for _ in range(len(self.idle))]
        async with anyio.create_task_group() as group:
            for conn in idle:
                group.start_soon(self.close, conn)
        self.serve()
        await self.gone.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
