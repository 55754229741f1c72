"""Refuses the caller whose connection comes after the pool was closed, and forgets the connection.

Breaks: R9
"""


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            conn = await self._connect()
            if self._closed:
                raise PoolClosedError
            return conn
        except BaseException:
            self._hand_on(None)
            raise
