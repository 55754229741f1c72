"""Lets the error of closing replace the error of the block.

Breaks: R7
"""


class ConnectionPool:
    async def _close(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self._close_timeout, shield=True):
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._hand_on(None)
