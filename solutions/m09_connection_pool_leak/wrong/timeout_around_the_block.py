"""Puts the timeout around the whole lease, the block included.

Breaks: R4
Also: R2 R3 R7
"""


class ConnectionPool:
    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
            self._leased += 1
            broken = False
            try:
                yield conn
            except ConnectionError:
                broken = True
                raise
            finally:
                self._leased -= 1
                await self._give_back(conn, broken=broken)
