"""Stops whatever a block or `connect` or closing raises that is not an error.

Breaks: G5
Also: R7
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
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:
            if isinstance(error, Exception):
                raise
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)
