"""Catches everything that ends a block, the cancellation too, and goes on.

Breaks: R2
Also: R7 R9 G3 G5
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
        except Exception as error:
            broken = isinstance(error, ConnectionError)
            raise
        except BaseException:
            pass
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)
