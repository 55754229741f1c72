"""Waits a moment after a `connect` that failed, with `time.sleep`.

Breaks: G4
Also: R3 R4 R5 R6 R7 R8 R9 G3
"""

import time


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            return await self._connect()
        except BaseException:
            time.sleep(0.001)
            self._hand_on(None)
            raise
