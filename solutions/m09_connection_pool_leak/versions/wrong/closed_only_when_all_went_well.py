"""A block that raises is over, so nothing is left to do after it."""

from contextlib import asynccontextmanager

import anyio


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._lock = anyio.Lock()
        self._open = None

    @asynccontextmanager
    async def use(self):
        async with self._lock:
            if self._open is None:
                self._open = [await self._connect(), 0]
            lent = self._open
            lent[1] += 1
        yield lent[0]
        lent[1] -= 1
        if lent[1] == 0:
            self._open = None
            with anyio.CancelScope(shield=True):
                await lent[0].aclose()
