"""Checks the size with `assert`.

Breaks: G8
Also: R9
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
        assert size >= 1
        self._connect = connect
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._empty = self._size = size
        self._idle: list[C] = []
        self._leased = 0
        self._line: deque[Waiter[C]] = deque()
        self._closed = False
        self._all_empty = anyio.Event()
