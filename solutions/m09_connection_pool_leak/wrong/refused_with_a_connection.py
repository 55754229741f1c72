"""Looks after the wait whether the pool is closed: who was given a connection just before is refused, and it is lost.

Base: right/making_is_called_off
Breaks: R9
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
        self._size = size
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._open = 0
        self._leased = 0
        self._idle: list[C] = []
        self._line: deque[Waiter[C]] = deque()
        self._closed = False
        self._empty = anyio.Event()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._slot()
            if conn is None:
                try:
                    conn = await self._connect()
                except BaseException:
                    self._hand_on(None)
                    raise
        self._leased += 1
        broken = False
        try:
            yield conn
        except ConnectionError:
            broken = True
            raise
        finally:
            self._leased -= 1
            if broken or conn.closed or self._closed:
                await self._close(conn)
            else:
                self._hand_on(conn)

    async def _slot(self) -> C | None:
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        if self._open < self._size:
            self._open += 1
            return None
        waiter: Waiter[C] = Waiter()
        self._line.append(waiter)
        try:
            await waiter.ready.wait()
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:
                if self._closed and waiter.conn is not None:
                    await self._close(waiter.conn)
                else:
                    self._hand_on(waiter.conn)
            raise
        if self._closed:
            raise PoolClosedError
        return waiter.conn

    async def aclose(self) -> None:
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        while self._idle:
            await self._close(self._idle.pop())
        if self._open:
            await self._empty.wait()
