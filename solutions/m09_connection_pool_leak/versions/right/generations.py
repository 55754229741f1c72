"""It counts the users of each connection, so a task that comes while the old one is closed connects at once, without waiting for that."""

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
        await anyio.lowlevel.checkpoint()
        lent = self._lent = self._lent or Lent()
        lent.users += 1
        try:
            async with lent.lock:
                if lent.conn is None:
                    lent.conn = await self._connect()
            yield lent.conn
        finally:
            lent.users -= 1
            if lent.users == 0:
                self._lent = None
                if lent.conn is not None:
                    with anyio.CancelScope(shield=True):
                        await lent.conn.aclose()
