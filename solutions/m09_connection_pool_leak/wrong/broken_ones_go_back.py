"""Puts every connection back, whatever happened to it.

Breaks: R6
Also: R7 R8 R9
"""


class ConnectionPool:
    async def _give_back(self, conn: C | None, *, broken: bool = False) -> None:
        if conn is not None and self._closed:
            await self._close(conn)
        else:
            self._hand_on(conn)
