"""A task that leases twice at the same time gets the same connection in both blocks.

Base: right/plain
Breaks: R1
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
        self._by = {}
        self._empty = anyio.Event()

    @asynccontextmanager
    async def lease(self):
        me = anyio.get_current_task().id
        if me in self._by:
            yield self._by[me]
            return
        conn = self._by[me] = await self._acquire()
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            del self._by[me]
            self._leased -= 1
            if broken or conn.closed or self._closed:
                await self._close(conn)
            else:
                self._give(conn)
