"""Lends an idle connection without taking it out of the list of idle ones.

Breaks: R1
"""


class ConnectionPool:
    async def _slot(self) -> C | None:
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle[-1]
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
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn

    def _hand_on(self, conn: C | None) -> None:
        if self._line:
            waiter = self._line.popleft()
            waiter.conn = conn
            waiter.ready.set()
        elif conn is not None:
            self._idle.append(conn) if conn not in self._idle else None
        else:
            self._empty += 1
            if self._closed and self._empty == self._size:
                self._all_empty.set()
