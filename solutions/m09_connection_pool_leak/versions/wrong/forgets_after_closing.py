"""First it is closed, then it is forgotten: nobody comes in between."""

from contextlib import asynccontextmanager

import anyio


class Lent:
    def __init__(self):
        self.lock, self.conn, self.users = anyio.Lock(), None, 0


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._lent = None

    @asynccontextmanager
    async def use(self):
        lent = self._lent = self._lent or Lent()
        lent.users += 1
        try:
            async with lent.lock:
                if lent.conn is None:
                    lent.conn = await self._connect()
            yield lent.conn
        finally:
            await self._leave(lent)

    async def _leave(self, lent):
        lent.users -= 1
        if lent.users == 0:
            if lent.conn is not None:
                with anyio.CancelScope(shield=True):
                    await lent.conn.aclose()
            if self._lent is lent:
                self._lent = None
