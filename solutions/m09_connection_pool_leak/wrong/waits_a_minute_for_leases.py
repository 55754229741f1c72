"""`aclose` waits a minute at most for the leases to end.

Base: right/plain
Breaks: R9
"""


class ConnectionPool:
    async def aclose(self):
        self._closed = True
        waiters = list(self._waiters)
        self._waiters.clear()
        for waiter in waiters:
            waiter.refused = True
            waiter.event.set()
        idle = list(self._idle)
        self._idle.clear()
        async with anyio.create_task_group() as tg:
            for conn in idle:
                tg.start_soon(self._close, conn)
        with anyio.move_on_after(60):
            if self._used:
                await self._empty.wait()
