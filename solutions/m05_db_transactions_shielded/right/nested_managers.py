"""Built from small context managers, one inside the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

import anyio


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:

    async with _rolled_back_on_error(conn, finish_timeout):
        await conn.begin()
        yield conn
    async with _rolled_back_on_error(conn, finish_timeout):
        with _protected(finish_timeout) as scope:
            await conn.commit()
    if scope.cancelled_caught:
        with _invalidated(conn):
            raise TimeoutError("commit was given up")


@contextmanager
def _protected(limit):
    with anyio.CancelScope(deadline=anyio.current_time() + limit, shield=True) as scope:
        yield scope


@contextmanager
def _invalidated(conn):
    try:
        yield
    except BaseException:
        conn.invalidate()
        raise


@asynccontextmanager
async def _rolled_back_on_error(conn, limit):
    try:
        yield
    except BaseException:
        try:
            with _invalidated(conn):
                with _protected(limit) as scope:
                    await conn.rollback()
                if scope.cancelled_caught:
                    raise TimeoutError
        except Exception:
            pass
        raise
