"""Makes no new connection as long as another one is being closed.

Breaks: R8
Also: R2 R7 R9 R1
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
        self._busy: list[anyio.Event] = []

    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            while self._busy:
                await self._busy[-1].wait()
            return await self._connect()
        except BaseException:
            self._hand_on(None)
            raise

    async def _close(self, conn: C) -> None:
        event = anyio.Event()
        self._busy.append(event)
        try:
            with anyio.move_on_after(self._close_timeout, shield=True), suppress(Exception):
                if not conn.closed:
                    await conn.aclose()
        finally:
            self._busy.remove(event)
            event.set()
            self._hand_on(None)
