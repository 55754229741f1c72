"""If there is no connection when I look, I make one: nobody else can be making one in between."""

from contextlib import asynccontextmanager

import anyio


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._open = None

    @asynccontextmanager
    async def use(self):
        if self._open is None:
            self._open = [await self._connect(), 0]
        lent = self._open
        lent[1] += 1
        try:
            yield lent[0]
        finally:
            lent[1] -= 1
            if lent[1] == 0:
                self._open = None
                with anyio.CancelScope(shield=True):
                    await lent[0].aclose()
