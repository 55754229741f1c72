"""Closes its stream after a rollback that ended by itself, but not after one that was given up.

Breaks: G2
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
    send, receive = anyio.create_memory_object_stream[bool](1)
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
            send.send_nowait(True)
            send.close()
            receive.close()
            return
    except Exception:
        send.close()
        receive.close()
        conn.invalidate()
        return
    except BaseException:
        send.close()
        receive.close()
        conn.invalidate()
        raise
    conn.invalidate()
