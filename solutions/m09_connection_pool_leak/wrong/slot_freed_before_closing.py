"""Frees the slot of a broken connection first, then closes it.

Breaks: R1
Also: R7 R8 R9
"""


class ConnectionPool:
    async def _close(self, conn: C) -> None:
        self._hand_on(None)
        with anyio.move_on_after(self._close_timeout, shield=True), suppress(Exception):
            if not conn.closed:
                await conn.aclose()
