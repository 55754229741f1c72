"""Closes the pool and leaves those who wait to find out.

Breaks: R9
"""


class ConnectionPool:
    async def _slot(self) -> C | None:
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        if self._empty:
            self._empty -= 1
            return None
        waiter: Waiter[C] = Waiter()
        self._line.append(waiter)
        try:
            await waiter.ready.wait()
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:
                await self._give_back(waiter.conn)
            raise
        if self._closed:
            await self._give_back(waiter.conn)
            raise PoolClosedError
        return waiter.conn

    async def aclose(self) -> None:
        self._closed = True
        idle, self._idle = (self._idle, [])
        async with anyio.create_task_group() as group:
            for conn in idle:
                group.start_soon(self._close, conn)
        if self._empty < self._size:
            await self._all_empty.wait()
