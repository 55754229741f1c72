"""Never stops the task that watches over the commit: the shield lasts for the whole `finish_timeout`.

Breaks: R2
Also: R3 R6 R7 G5
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
    limit = anyio.CancelScope()

    async def watch() -> None:
        await anyio.sleep(finish_timeout)
        limit.cancel()

    try:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                group.start_soon(watch)
                with limit:
                    await conn.commit()
    except BaseExceptionGroup as error:
        await _roll_back(conn, finish_timeout)
        raise error.exceptions[0]
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
