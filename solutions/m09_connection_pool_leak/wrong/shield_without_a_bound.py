"""Shields the closing of connections without a bound.

Breaks: R7
Also: R9
"""


class ConnectionPool:
    async def _close(self, conn: C) -> None:
        try:
            with anyio.CancelScope(shield=True), suppress(Exception):
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._hand_on(None)
