"""Counts those who wait by itself, and goes on counting those whom `aclose` has refused.

Base: right/plain
Breaks: R9
Also: R2
"""


class ConnectionPool:
    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0):
        if size < 1:
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._size = size
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._idle = []
        self._used = 0
        self._leased = 0
        self._waiters = deque()
        self._closed = False
        self._w = 0
        self._empty = anyio.Event()

    @property
    def stats(self):
        return PoolStats(self._leased, len(self._idle), self._w)

    async def _slot(self):
        if self._idle:
            return self._idle.pop()
        if self._used < self._size:
            self._used += 1
            return None
        waiter = Waiter()
        self._waiters.append(waiter)
        self._w += 1
        try:
            await waiter.event.wait()
        except BaseException:
            if waiter.given:
                if waiter.conn is not None and self._closed:
                    await self._close(waiter.conn)
                else:
                    self._give(waiter.conn)
            elif not waiter.refused:
                self._waiters.remove(waiter)
            self._w -= 1
            raise
        if waiter.refused:
            raise PoolClosedError
        self._w -= 1
        return waiter.conn
