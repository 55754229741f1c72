"""Keeps a connection that comes back after the pool was closed.

Breaks: R9
Also: R7 G1 G5 G6
"""


class ConnectionPool:
    async def _give_back(self, conn: C | None, *, broken: bool = False) -> None:
        if conn is not None and (broken or conn.closed):
            await self._close(conn)
        else:
            self._hand_on(conn)
