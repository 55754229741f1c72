"""Closing a connection is given up after `acquire_timeout` if that is shorter than `close_timeout`.

Base: right/plain
Breaks: R7
"""


class ConnectionPool:
    async def _close(self, conn):
        try:
            with anyio.move_on_after(min(self._close_timeout, self._acquire_timeout), shield=True):
                await conn.aclose()
        except Exception:
            pass
        finally:
            self._give(None)
