"""Looks for a free slot every tenth of a second.

Breaks: G6
Also: R1 R2 R3 R4 R5 R6 R7 R8 R9 G1 G2 G3 G4 G5 G9
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
            while not waiter.ready.is_set():
                await anyio.sleep(0.1)
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:
                await self._give_back(waiter.conn)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn
