"""Gives the commit `finish_timeout` from when a cancellation comes, and all the time in the world before.

Breaks: R3
Also: R7 G2 G4 G6
"""

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
    cancelled = False

    async def watch() -> None:
        nonlocal cancelled
        try:
            await anyio.sleep(finish_timeout)
        except BaseException:
            cancelled = not done
            raise
        limit.cancel()

    done = False
    limit = anyio.CancelScope(shield=True)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            with limit:
                await conn.commit()
            done = True
            group.cancel_scope.cancel()
    except BaseException as error:
        await _roll_back(conn, finish_timeout)
        if isinstance(error, BaseExceptionGroup):
            raise error.exceptions[0]
        raise
    if limit.cancelled_caught:
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
