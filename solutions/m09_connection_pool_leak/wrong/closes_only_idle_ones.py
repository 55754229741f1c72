"""Closes what is idle and returns; leases still have open connections.

Breaks: R9
Also: G3
"""


class ConnectionPool:
    async def aclose(self) -> None:
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        idle, self._idle = (self._idle, [])
        async with anyio.create_task_group() as group:
            for conn in idle:
                group.start_soon(self._close, conn)
