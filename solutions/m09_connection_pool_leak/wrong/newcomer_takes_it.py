"""Puts a free connection back and wakes a waiter: whoever runs first takes it.

Breaks: R3
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
            elif self._line:
                self._line.popleft().ready.set()
            raise
        if waiter.refused:
            raise PoolClosedError
        return await self._slot()

    def _hand_on(self, conn: C | None) -> None:
        if conn is not None:
            self._idle.append(conn)
        else:
            self._empty += 1
        if self._line:
            self._line.popleft().ready.set()
        elif conn is None:
            if self._closed and self._empty == self._size:
                self._all_empty.set()
