"""Runs the block inside a task group, so that its error comes out in a group.

Breaks: R2
Also: R6 R7 R9
"""


class ConnectionPool:
    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
        self._leased += 1
        broken = False
        try:
            async with anyio.create_task_group():
                try:
                    yield conn
                except ConnectionError:
                    broken = True
                    raise
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)
