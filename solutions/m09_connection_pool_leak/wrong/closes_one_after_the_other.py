"""A lock around closing: one that hangs keeps the others from being closed, and their slots from being free.

Base: right/making_is_called_off
Breaks: R8
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
        self._lock = anyio.Lock()
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

    async def _close(self, conn: C) -> None:
        try:
            with anyio.move_on_after(self._close_timeout, shield=True):
                async with self._lock:
                    await conn.aclose()
        except Exception:
            pass
        finally:
            self._hand_on(None)

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
