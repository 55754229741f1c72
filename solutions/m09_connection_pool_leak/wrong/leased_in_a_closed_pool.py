"""In a closed pool, a lease that has ended still counts as leased.

Base: right/plain
Breaks: R9
"""


class ConnectionPool:
    @asynccontextmanager
    async def lease(self):
        conn = await self._acquire()
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            if not self._closed:
                self._leased -= 1
            if broken or conn.closed or self._closed:
                await self._close(conn)
            else:
                self._give(conn)
