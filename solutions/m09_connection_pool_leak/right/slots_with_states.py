"""Each slot is an object with a state; callers look for the best one and wait on an event of their own."""

from __future__ import annotations

from enum import Enum

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


class State(Enum):
    EMPTY = 0
    MAKING = 1
    LEASED = 2
    IDLE = 3
    CLOSING = 4


@dataclass(eq=False)
class Slot:
    state: State = State.EMPTY
    conn: object = None


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

        self.slots = [Slot() for _ in range(size)]
        self.line: dict[anyio.Event, Slot | None] = {}
        self.closing = False
        self.watchers: list[anyio.Event] = []

    def count(self, state: State) -> int:
        return sum(slot.state is state for slot in self.slots)

    @property
    def stats(self) -> PoolStats:
        waiting = sum(slot is None for slot in self.line.values())
        return PoolStats(self.count(State.LEASED), self.count(State.IDLE), waiting)

    def best(self) -> Slot | None:
        for state in (State.IDLE, State.EMPTY):
            for slot in self.slots:
                if slot.state is state:
                    return slot
        return None

    def claim(self, slot: Slot) -> Slot:
        slot.state = State.LEASED if slot.state is State.IDLE else State.MAKING
        return slot

    def changed(self) -> None:
        for event, mine in list(self.line.items()):
            if mine is None and (slot := self.best()) is not None:
                self.line[event] = self.claim(slot)
                event.set()
        if all(slot.state is State.EMPTY for slot in self.slots):
            for watcher in self.watchers:
                watcher.set()

    async def slot(self) -> Slot:
        if self.closing:
            raise PoolClosedError
        slot = self.best()
        if slot is not None:
            return self.claim(slot)
        event = anyio.Event()
        self.line[event] = None
        try:
            await event.wait()
        except BaseException:
            mine = self.line.pop(event)
            if mine is not None:
                await self.put_back(mine)
            raise
        mine = self.line.pop(event)
        if mine is None:
            raise PoolClosedError
        return mine

    async def put_back(self, slot: Slot, good: bool = True) -> None:
        if slot.conn is None:
            slot.state = State.EMPTY
        elif good and not self.closing and not slot.conn.closed:
            slot.state = State.IDLE
        else:
            await self.close(slot)
        self.changed()

    async def close(self, slot: Slot) -> None:
        slot.state = State.CLOSING
        conn, slot.conn = slot.conn, None
        try:
            with anyio.fail_after(self.close_timeout, shield=True):
                await conn.aclose()
        except Exception:
            pass
        finally:
            slot.state = State.EMPTY
            self.changed()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self.acquire_timeout):
            slot = await self.slot()
            if slot.conn is None:
                try:
                    slot.conn = await self.connect()
                except BaseException:
                    await self.put_back(slot)
                    raise
        slot.state = State.LEASED
        try:
            yield slot.conn
        except ConnectionError:
            await self.put_back(slot, good=False)
            raise
        except BaseException:
            await self.put_back(slot)
            raise
        await self.put_back(slot)

    async def aclose(self) -> None:
        self.closing = True
        for event, mine in self.line.items():
            if mine is None:
                event.set()
        async with anyio.create_task_group() as group:
            for slot in self.slots:
                if slot.state is State.IDLE:
                    slot.state = State.CLOSING
                    group.start_soon(self.close, slot)
        if not all(slot.state is State.EMPTY for slot in self.slots):
            watcher = anyio.Event()
            self.watchers.append(watcher)
            try:
                await watcher.wait()
            finally:
                self.watchers.remove(watcher)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()
