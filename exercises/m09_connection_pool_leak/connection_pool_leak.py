"""A connection pool: at most `size` connections, lent to one block at a time, and none of them lost.

Core
----
`async with pool.lease() as conn` gives an idle connection or makes one with `connect`. With `size` of them out, it
waits. Waiting and making together take at most `acquire_timeout`, else `TimeoutError`. However the block, the wait or
`connect` ends, even by a cancellation, nothing is lost: the connection is idle again (or closed) and `size` leases can
be taken. `stats` says how many are leased, idle and waiting.

`aclose` refuses waiting callers, at once, and all later ones with `PoolClosedError`, and closes what is idle. Leases go
on; their connections are closed as they end. `aclose` returns when no connection is open. A `size` below 1: `ValueError`.

Stretch
-------
- Waiting callers are served first come, first served; one that gives up takes no connection with it.
- A slow `connect` or close holds up no caller that could be served by another connection.
- A connection that is `closed` before its lease ends, or whose block raised `ConnectionError`, is not used again: it is
  closed, and its slot is free.
- Closing is protected from cancellation, for at most `close_timeout`. If it fails (also by what is not an `Exception`) or
  is given up, the slot is free all the same, and the block's own error goes on.
- `aclose` may be called twice or be cancelled: all is closed. A connection that is being made counts as open.

Everything runs on asyncio and on trio: use only `anyio` and the standard library.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import anyio


class Connection(Protocol):
    """What the pool needs of a connection. Given."""

    @property
    def closed(self) -> bool:
        """Whether it is closed: by its pool, by the block that had it, or by the other side."""

    async def aclose(self) -> None:
        """Close it."""


class PoolClosedError(Exception):
    """The pool is closed. Given."""


@dataclass(frozen=True)
class PoolStats:
    """What a pool is doing now. Given."""

    leased: int
    idle: int
    waiting: int


C = TypeVar("C", bound=Connection)


class ConnectionPool(Generic[C]):
    """At most `size` connections, leased to one block at a time.

    Args:
        connect: makes a connection.
        size: how many connections there may be.
        acquire_timeout: seconds that `lease` may take to get a connection.
        close_timeout: seconds that closing a connection may take.

    Raises:
        ValueError: `size` is less than 1.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        *,
        size: int,
        acquire_timeout: float = math.inf,
        close_timeout: float = 5.0,
    ) -> None:
        # TODO: refuse a bad size.
        self._connect = connect
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        # What the pool remembers. Use it, change it or leave it.
        self._slots = anyio.Semaphore(size)
        self._idle: list[C] = []
        self._leased = 0
        self._waiting = 0
        self._open = 0  # connections that are being made, idle, leased or being closed
        self._closed = False
        self._all_closed = anyio.Event()

    @property
    def stats(self) -> PoolStats:
        """What the pool is doing now."""
        # TODO
        raise NotImplementedError("TODO: write ConnectionPool.stats")

    def lease(self) -> AbstractAsyncContextManager[C]:
        """Lend a connection to a block. This works whether `async with pool` was used or not.

        Raises:
            TimeoutError: there was none within `acquire_timeout`.
            PoolClosedError: the pool is closed.
        """
        return self._lease()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        # TODO: get a slot, then an idle connection or a new one, bounded by `acquire_timeout`. What if `connect` raises or
        # is cancelled? What if the pool was closed meanwhile?
        # TODO: `yield` the connection to the block. What must happen after it, however the block ends?
        # TODO (stretch): is the connection broken?
        raise NotImplementedError("TODO: write ConnectionPool.lease")
        yield

    def _note_gone(self) -> None:
        """Free the slot of a connection that is gone or could not be made. Complete; it is not a checkpoint."""
        self._open -= 1
        self._slots.release()
        if self._closed and not self._open:
            self._all_closed.set()

    async def _close(self, conn: C) -> None:
        """Close a connection; then its slot is free. Complete, as far as the core goes."""
        # TODO (stretch): nothing interrupts the closing, but it does not take forever, and it may fail.
        try:
            await conn.aclose()
        finally:
            self._note_gone()

    async def aclose(self) -> None:
        """Close the pool: nobody gets a connection any more. Returns when the last one is closed."""
        # TODO: refuse waiting callers, close what is idle, wait until no connection is left.
        raise NotImplementedError("TODO: write ConnectionPool.aclose")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.aclose()
