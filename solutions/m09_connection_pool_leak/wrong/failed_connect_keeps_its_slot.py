"""Forgets the slot when `connect` raises.

Breaks: R5
Also: R2 R7 R9 G2 G5 G9
"""


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        return await self._connect()
