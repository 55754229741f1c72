"""In a block of the pool, broken connections are closed by a task in the background while the lease ends.

Base: right/plain
Breaks: R6
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
            self._leased -= 1
            if broken or conn.closed or self._closed:
                if hasattr(self, "_tg"):
                    self._tg.start_soon(self._close, conn)
                else:
                    await self._close(conn)
            else:
                self._give(conn)

    async def aclose(self):
        self._closed = True
        waiters = list(self._waiters)
        self._waiters.clear()
        for waiter in waiters:
            waiter.refused = True
            waiter.event.set()
        idle = list(self._idle)
        self._idle.clear()
        for conn in idle:
            await self._close(conn)
        if self._used:
            await self._empty.wait()

    async def __aenter__(self):
        self._tg = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.aclose()
        return await self._tg.__aexit__(*exc)
