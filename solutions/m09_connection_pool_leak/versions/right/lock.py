"""It holds one lock while it connects and while it closes, so a task that comes then waits for that."""

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
            if self._users == 0:
                self._conn = await self._connect()
            self._users += 1
        conn = self._conn
        try:
            yield conn
        finally:
            with anyio.CancelScope(shield=True):
                async with self._lock:
                    self._users -= 1
                    if self._users == 0:
                        await conn.aclose()
