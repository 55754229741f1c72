"""Built with an exit stack whose callback rolls back unless it was disarmed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from typing import Protocol

import anyio


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:

    async def undo(kind, error, trace) -> None:
        if kind is None:
            return
        with ExitStack() as stack:
            stack.callback(conn.invalidate)
            with suppress(Exception), anyio.move_on_after(finish_timeout, shield=True):
                await conn.rollback()
                stack.pop_all()

    async with AsyncExitStack() as stack:
        stack.push_async_exit(undo)
        await conn.begin()
        yield conn
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + finish_timeout) as scope:
            await conn.commit()
        if scope.cancelled_caught:
            conn.invalidate()
            stack.pop_all()
            raise TimeoutError
        # `undo` looks at the exception: without one it does nothing
