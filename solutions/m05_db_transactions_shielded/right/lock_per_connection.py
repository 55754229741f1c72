"""Built with a lock for each connection, and invalidates after a `begin` that failed or was cancelled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from weakref import WeakKeyDictionary

import anyio


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:

    lock = _locks.setdefault(conn, anyio.Lock())
    async with lock:
        try:
            await conn.begin()
        except BaseException:
            conn.invalidate()
            raise
        state = "body"
        try:
            yield conn
            state = "committing"
            with anyio.fail_after(finish_timeout, shield=True) as scope:
                await conn.commit()
            state = "committed"
        except BaseException as error:
            if state == "committing" and scope.cancelled_caught:
                conn.invalidate()
                raise TimeoutError from error
            try:
                with anyio.fail_after(finish_timeout, shield=True):
                    await conn.rollback()
                state = "rolled back"
            except Exception:
                state = "invalidated"
            finally:
                if state != "rolled back":
                    conn.invalidate()
            raise


_locks: WeakKeyDictionary = WeakKeyDictionary()
