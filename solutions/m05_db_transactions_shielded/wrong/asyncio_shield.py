"""Uses `asyncio.shield` and `asyncio.wait_for`: there is no asyncio loop under trio.

Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 R7 G2 G3 G4 G5 G6
"""

import asyncio
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
    task = asyncio.ensure_future(conn.commit())
    try:
        await asyncio.wait_for(asyncio.shield(task), finish_timeout)
    except BaseException:
        task.cancel()
        conn.invalidate()
        raise


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
