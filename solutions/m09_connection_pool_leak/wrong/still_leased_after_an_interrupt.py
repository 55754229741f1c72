"""A lease is counted as over only if the closing of its connection was not interrupted.

Base: right/plain
Breaks: R7
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
            if broken or conn.closed or self._closed:
                await self._close(conn)
                self._leased -= 1
            else:
                self._leased -= 1
                self._give(conn)
