"""The task that made the connection owns it, so it closes the connection when its block ends."""

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
        mine = False
        lent = self._lent = self._lent or Lent()
        try:
            async with lent.lock:
                if lent.conn is None:
                    lent.conn = await self._connect()
                    mine = True
            yield lent.conn
        finally:
            if mine:
                self._lent = None
                with anyio.CancelScope(shield=True):
                    await lent.conn.aclose()
