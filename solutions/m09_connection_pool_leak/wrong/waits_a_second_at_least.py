"""Waits a second at least, also if `acquire_timeout` is shorter.

Base: right/plain
Breaks: R4
"""


class ConnectionPool:
    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0):
        if size < 1:
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._size = size
        self._acquire_timeout = max(acquire_timeout, 1)
        self._close_timeout = close_timeout
        self._idle = []
        self._used = 0
        self._leased = 0
        self._waiters = deque()
        self._closed = False
        self._empty = anyio.Event()
