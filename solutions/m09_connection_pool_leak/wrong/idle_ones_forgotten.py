"""Waits until the last lease has ended, and leaves the idle connections open.

Breaks: R9
"""


class ConnectionPool:
    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
        self._leased += 1
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            self._leased -= 1
            if self._closed and not self._leased:
                self._all_empty.set()
            await self._give_back(conn, broken=broken)

    async def aclose(self) -> None:
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        if self._leased:
            await self._all_empty.wait()
