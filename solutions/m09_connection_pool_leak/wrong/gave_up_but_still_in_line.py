"""Leaves a waiter that gave up in the line, and gives it the next connection.

Breaks: R3
Also: R2 R9 G2 G4 G6
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
            if waiter not in self._line and not waiter.refused:
                await self._give_back(waiter.conn)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn
