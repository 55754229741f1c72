"""Has one timeout for waiting and another for connecting.

Breaks: R4
"""


class ConnectionPool:
    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
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

    async def _acquire(self) -> C:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._slot()
        if conn is not None:
            return conn
        try:
            with anyio.fail_after(self._acquire_timeout):
                return await self._connect()
        except BaseException:
            self._hand_on(None)
            raise
