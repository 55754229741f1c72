"""Looks every tenth of a second whether the commit has ended.

Breaks: G6
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
    done = False

    async def commit() -> None:
        nonlocal done
        await conn.commit()
        done = True

    try:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                group.start_soon(commit)
                end = anyio.current_time() + finish_timeout
                while not done and anyio.current_time() < end:
                    await anyio.sleep(min(0.1, end - anyio.current_time()))
                group.cancel_scope.cancel()
    except BaseExceptionGroup as group_of_one:
        await _roll_back(conn, finish_timeout)
        raise group_of_one.exceptions[0]
    if not done:
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
