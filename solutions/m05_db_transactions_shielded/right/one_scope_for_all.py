"""Built with one cancel scope around all: its shield and deadline are set when the finish begins."""

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

    scope = anyio.CancelScope()
    outcome = "open"
    error: BaseException | None = None
    with scope:
        try:
            await conn.begin()
            yield conn
        except BaseException as raised:
            error = raised
        scope.shield = True
        if error is None:
            scope.deadline = anyio.current_time() + finish_timeout
            outcome = "given up"
            try:
                await conn.commit()
                outcome = "finished"
            except BaseException as raised:
                # given up: the scope was cancelled, and this is its own cancellation
                if isinstance(raised, anyio.get_cancelled_exc_class()):
                    raise
                error = raised
    if error is not None:
        done = False
        try:
            with anyio.CancelScope(shield=True, deadline=anyio.current_time() + finish_timeout):
                await conn.rollback()
                done = True
        except Exception:
            pass
        finally:
            if not done:
                conn.invalidate()
        raise error
    if outcome == "given up":
        conn.invalidate()
        raise TimeoutError
