"""Built with a shield outside and `fail_after` inside it; the scope tells whose `TimeoutError` it is."""

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

    began = False
    try:
        await conn.begin()
        began = True
        yield conn
    except BaseException as error:
        if began or not isinstance(error, Exception):
            await _undo(conn, finish_timeout)
        raise
    scope = None
    try:
        with anyio.CancelScope(shield=True):
            with anyio.fail_after(finish_timeout) as scope:
                await conn.commit()
    except TimeoutError:
        if scope.cancelled_caught:
            conn.invalidate()
        else:
            await _undo(conn, finish_timeout)
        raise
    except BaseException:
        await _undo(conn, finish_timeout)
        raise


async def _undo(conn: Connection, limit: float) -> None:
    try:
        with anyio.CancelScope(shield=True):
            with anyio.fail_after(limit):
                await conn.rollback()
    except BaseException as error:
        conn.invalidate()
        if not isinstance(error, Exception):
            raise
