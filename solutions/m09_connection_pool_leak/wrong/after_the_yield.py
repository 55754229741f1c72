"""Gives the connection back in the line after `yield`, which an error or a cancellation skips.

Breaks: R2
Also: R1 R3 R6 R7 R8 R9 G2 G5
"""


class ConnectionPool:
    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
        self._leased += 1
        yield conn
        self._leased -= 1
        await self._give_back(conn)
