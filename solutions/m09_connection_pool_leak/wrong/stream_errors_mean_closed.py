"""An `EndOfStream` or `ClosedResourceError` of the block leaves its lease as `PoolClosedError`.

Base: right/plain
Breaks: R2
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
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            raise PoolClosedError from None
        finally:
            self._leased -= 1
            if broken or conn.closed or self._closed:
                await self._close(conn)
            else:
                self._give(conn)
