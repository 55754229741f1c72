"""Throws a broken connection away together with its slot.

Breaks: R6
Also: R1 R7 R8 R9 G2 G5
"""


class ConnectionPool:
    async def _give_back(self, conn: C | None, *, broken: bool = False) -> None:
        if conn is not None and (broken or conn.closed) and not self._closed:
            with anyio.move_on_after(self._close_timeout, shield=True), suppress(Exception):
                await conn.aclose()
        elif conn is not None and self._closed:
            await self._close(conn)
        else:
            self._hand_on(conn)
