"""Passes a checkpoint when the connection is there; a cancellation there loses it.

Breaks: R2
Also: R7 R9 G2
"""

import anyio.lowlevel


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            conn = await self._connect()
        except BaseException:
            self._hand_on(None)
            raise
        await anyio.lowlevel.checkpoint()
        return conn
