"""A `connect` that raises a `TimeoutError` of its own keeps its slot.

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
                except TimeoutError:
                    raise
                except BaseException:
                    self._give(None)
                    raise
        self._leased += 1
        return conn
