"""Built with a task that watches the time and cancels the scope in which the finish runs."""

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
    error = await _watched(conn.commit, finish_timeout)
    if isinstance(error, _GivenUp):
        conn.invalidate()
        raise TimeoutError
    if error is not None:
        await _undo(conn, finish_timeout)
        raise error


class _GivenUp(Exception):
    pass


async def _undo(conn, limit) -> None:
    error = await _watched(conn.rollback, limit)
    if error is not None:
        conn.invalidate()
        if not isinstance(error, Exception):
            raise error


async def _watched(call, limit):
    result = None
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:

                async def bite():
                    await anyio.sleep(limit)
                    scope.cancel()

                group.start_soon(bite)
                try:
                    await call()
                except anyio.get_cancelled_exc_class():
                    raise
                except BaseException as error:
                    result = error
            if scope.cancelled_caught:
                result = _GivenUp()
            group.cancel_scope.cancel()
    return result
