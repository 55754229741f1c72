"""Built with a task that finishes, in a shielded group: errors of the commit and the timeout leave in groups."""

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

    async def finish(call, outcome: list[str]) -> None:
        with anyio.move_on_after(finish_timeout):
            await call()
            outcome.append("done")

    async def run(call) -> bool:
        outcome: list[str] = []
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                group.start_soon(finish, call, outcome)
        return bool(outcome)

    async def undo() -> None:
        rolled_back = False
        try:
            rolled_back = await run(conn.rollback)
        except* Exception:
            pass
        finally:
            if not rolled_back:
                conn.invalidate()

    try:
        await conn.begin()
        yield conn
    except BaseException:
        await undo()
        raise
    try:
        committed = await run(conn.commit)
    except BaseException:
        await undo()
        raise
    if not committed:
        conn.invalidate()
        raise ExceptionGroup("commit", [TimeoutError("took too long")])
