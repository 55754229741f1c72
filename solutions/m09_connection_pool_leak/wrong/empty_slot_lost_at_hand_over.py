"""A waiter that is cancelled just as it gets an empty slot loses the slot.

Base: right/plain
Breaks: R2
"""


class ConnectionPool:
    async def _slot(self):
        if self._idle:
            return self._idle.pop()
        if self._used < self._size:
            self._used += 1
            return None
        waiter = Waiter()
        self._waiters.append(waiter)
        try:
            await waiter.event.wait()
        except BaseException:
            if waiter.given and waiter.conn is None:
                pass
            elif waiter.given:
                if waiter.conn is not None and self._closed:
                    await self._close(waiter.conn)
                else:
                    self._give(waiter.conn)
            elif not waiter.refused:
                self._waiters.remove(waiter)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn
