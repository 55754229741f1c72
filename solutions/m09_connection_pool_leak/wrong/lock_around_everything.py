"""Looks for a connection, makes it and closes it under one lock.

Breaks: R8
Also: R2 R3 R4
"""


class ConnectionPool:
    def __init__(
        self,
        connect: Callable[[], Awaitable[C]],
        *,
        size: int,
        acquire_timeout: float = math.inf,
        close_timeout: float = 5.0,
    ) -> None:
        if size < 1:
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._empty = self._size = size
        self._idle: list[C] = []
        self._leased = 0
        self._line: deque[Waiter[C]] = deque()
        self._closed = False
        self._all_empty = anyio.Event()
        self._lock = anyio.Lock()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            async with self._lock:
                conn = await self._acquire()
        self._leased += 1
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)
