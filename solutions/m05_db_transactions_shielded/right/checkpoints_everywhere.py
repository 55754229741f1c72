"""Built with checkpoints between the steps, each of which may notice a cancellation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import anyio
import anyio.lowlevel


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:

    await anyio.lowlevel.checkpoint()
    committed = given_up = False
    try:
        await conn.begin()
        await anyio.lowlevel.checkpoint()
        yield conn
        await anyio.lowlevel.checkpoint()
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
            committed = True
        given_up = scope.cancelled_caught
    finally:
        if given_up:
            conn.invalidate()
        elif not committed:
            done = False
            try:
                with suppress(Exception), anyio.move_on_after(finish_timeout, shield=True):
                    await conn.rollback()
                    done = True
            finally:
                if not done:
                    conn.invalidate()
            await anyio.lowlevel.checkpoint()
    if given_up:
        raise TimeoutError
    await anyio.lowlevel.checkpoint()
