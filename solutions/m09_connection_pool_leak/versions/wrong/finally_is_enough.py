"""What is in `finally` runs to its end, also when the task is cancelled."""

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
        try:
            yield lent[0]
        finally:
            lent[1] -= 1
            if lent[1] == 0:
                self._open = None
                await lent[0].aclose()
