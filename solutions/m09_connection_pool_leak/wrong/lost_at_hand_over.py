"""A waiter that is cancelled just as it gets a connection loses it.

Breaks: R2
Also: R3 R9
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
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn
