"""An `EndOfStream` or `ClosedResourceError` of `connect` leaves the lease as `PoolClosedError`.

Base: right/plain
Breaks: R5
"""


class ConnectionPool:
    async def _acquire(self):
        if self._closed:
            raise PoolClosedError
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._slot()
            if conn is None:
                try:
                    conn = await self._connect()
                except (anyio.EndOfStream, anyio.ClosedResourceError):
                    self._give(None)
                    raise PoolClosedError from None
                except BaseException:
                    self._give(None)
                    raise
        self._leased += 1
        return conn
