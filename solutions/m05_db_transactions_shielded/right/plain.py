"""Built with one `except BaseException` around the block and a function that rolls back under a shield."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    try:
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError


async def _roll_back(conn: Connection, timeout: float) -> None:
    rolled_back = False
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
            rolled_back = True
    except Exception:
        pass
    finally:
        if not rolled_back:
            conn.invalidate()
