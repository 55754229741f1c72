"""In a closed pool, a `PoolClosedError` takes the place of the block's `ConnectionError`.

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
            if self._closed:
                raise PoolClosedError
            raise
        finally:
            self._leased -= 1
            if broken or conn.closed or self._closed:
                await self._close(conn)
            else:
                self._give(conn)
