"""A waiter that is cancelled just as it gets a connection makes it idle again, also if the pool was closed meanwhile.

Base: right/plain
Breaks: R9
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
            if waiter.given:
                self._give(waiter.conn)
            elif not waiter.refused:
                self._waiters.remove(waiter)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn
