"""Closes connections without a shield: a cancellation leaves them half closed.

Breaks: R7
Also: R9
"""


class ConnectionPool:
    async def _close(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self._close_timeout), suppress(Exception):
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._hand_on(None)
