"""A user counts from the moment it asks, and it takes itself off the list when its block ends."""

from contextlib import asynccontextmanager

import anyio


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._lock = anyio.Lock()
        self._conn = None
        self._users = 0

    @asynccontextmanager
    async def use(self):
        self._users += 1
        async with self._lock:
            if self._conn is None:
                self._conn = await self._connect()
        conn = self._conn
        try:
            yield conn
        finally:
            self._users -= 1
            if self._users == 0:
                self._conn = None
                with anyio.CancelScope(shield=True):
                    await conn.aclose()
