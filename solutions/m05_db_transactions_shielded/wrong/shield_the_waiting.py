"""Shields the waiting for the commit; the commit itself runs in a task of an unshielded group.

Breaks: R2
Also: R3
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
    done = anyio.Event()

    async def commit() -> None:
        await conn.commit()
        done.set()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(commit)
            with anyio.move_on_after(finish_timeout, shield=True) as scope:
                await done.wait()
            group.cancel_scope.cancel()
    except BaseException as error:
        await _roll_back(conn, finish_timeout)
        if isinstance(error, BaseExceptionGroup):
            raise error.exceptions[0]
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
