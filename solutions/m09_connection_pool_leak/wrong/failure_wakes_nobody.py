"""Counts the slot of a failed `connect` as free, and tells nobody who waits.

Breaks: R5
"""


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            return await self._connect()
        except BaseException:
            self._empty += 1
            if self._closed and self._empty == self._size:
                self._all_empty.set()
            raise
