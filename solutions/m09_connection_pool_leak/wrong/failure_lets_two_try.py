"""A failed `connect` lets two of those who wait try, on one slot.

Base: right/plain
Breaks: R1
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
                except Exception:
                    self._give(None)
                    if len(self._waiters) > 1:
                        self._give(None)
                    raise
                except BaseException:
                    self._give(None)
                    raise
        self._leased += 1
        return conn
