"""An `ExceptionGroup` that closing raises takes the place of the block's error.

Base: right/plain
Breaks: R7
"""


class ConnectionPool:
    async def _close(self, conn):
        try:
            with anyio.move_on_after(self._close_timeout, shield=True):
                await conn.aclose()
        except ExceptionGroup:
            raise
        except Exception:
            pass
        finally:
            self._give(None)
