"""Frees the slot when `connect` raises an `Exception`; a cancellation or a timeout keeps it.

Breaks: R2
Also: R5 R7 R9 G2 G5
"""


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            return await self._connect()
        except Exception:
            self._hand_on(None)
            raise
