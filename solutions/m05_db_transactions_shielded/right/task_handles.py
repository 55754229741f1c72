"""Built with anyio's task handles: the finish is a task, and its handle tells how it ended."""

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
        await _undo(conn, finish_timeout)
        raise
    try:
        in_time = await _finish(conn.commit, finish_timeout)
    except anyio.TaskFailed as failed:
        await _undo(conn, finish_timeout)
        raise failed.__cause__ from None
    except BaseException:
        await _undo(conn, finish_timeout)
        raise
    if not in_time:
        conn.invalidate()
        raise TimeoutError


async def _undo(conn, limit):
    try:
        if not await _finish(conn.rollback, limit):
            conn.invalidate()
    except BaseException as error:
        conn.invalidate()
        if isinstance(error, BaseExceptionGroup):
            if error.split(Exception)[1] is not None:
                raise
        elif not isinstance(error, Exception):
            raise


async def _finish(call, limit):
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as group:
            handle = group.create_task(_bounded(call, limit))
        return handle.return_value


async def _bounded(call, limit):
    with anyio.move_on_after(limit) as scope:
        await call()
    return not scope.cancelled_caught
