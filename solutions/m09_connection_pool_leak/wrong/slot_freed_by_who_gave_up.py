"""Frees a slot when a caller runs out of time, also if it only waited and had none.

Breaks: R1
Also: R2 R3 R4 R9
"""


class ConnectionPool:
    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        try:
            with anyio.fail_after(self._acquire_timeout):
                conn = await self._acquire()
        except TimeoutError:
            self._empty = min(self._size, self._empty + 1)
            raise
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
