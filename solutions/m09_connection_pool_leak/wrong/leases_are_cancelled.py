"""Ends the blocks that still have a connection when the pool is closed.

Breaks: R9
Also: R7 G3
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
        self._scopes: set[anyio.CancelScope] = set()

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[C]:
        with anyio.fail_after(self._acquire_timeout):
            conn = await self._acquire()
        self._leased += 1
        broken = False
        try:
            with anyio.CancelScope() as scope:
                self._scopes.add(scope)
                try:
                    yield conn
                finally:
                    self._scopes.discard(scope)
        except ConnectionError:
            broken = True
            raise
        finally:
            self._leased -= 1
            await self._give_back(conn, broken=broken)

    async def aclose(self) -> None:
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        for scope in self._scopes:
            scope.cancel()
        idle, self._idle = (self._idle, [])
        async with anyio.create_task_group() as group:
            for conn in idle:
                group.start_soon(self._close, conn)
        if self._empty < self._size:
            await self._all_empty.wait()
