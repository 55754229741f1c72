"""The task that made the connection owns it, so it closes the connection when its block ends."""

from contextlib import asynccontextmanager

import anyio


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._lock = anyio.Lock()
        self._conn = None

    @asynccontextmanager
    async def use(self):
        mine = False
        async with self._lock:
            if self._conn is None:
                self._conn = await self._connect()
                mine = True
        conn = self._conn
        try:
            yield conn
        finally:
            if mine:
                self._conn = None
                with anyio.CancelScope(shield=True):
                    await conn.aclose()
