"""First it is closed, then it is forgotten: nobody comes in between."""

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
        async with self._lock:
            if self._conn is None:
                self._conn = await self._connect()
            self._users += 1
        conn = self._conn
        try:
            yield conn
        finally:
            self._users -= 1
            if self._users == 0:
                with anyio.CancelScope(shield=True):
                    await conn.aclose()
                self._conn = None
