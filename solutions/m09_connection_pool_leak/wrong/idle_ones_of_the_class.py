"""The list of idle connections belongs to the class: all pools share it.

Base: right/plain
Breaks: R1
"""


class ConnectionPool:
    _idle = []

    def __init__(self, connect, *, size, acquire_timeout=math.inf, close_timeout=5.0):
        if size < 1:
            raise ValueError("size must be at least 1")
        self._connect = connect
        self._size = size
        self._acquire_timeout = acquire_timeout
        self._close_timeout = close_timeout
        self._used = 0
        self._leased = 0
        self._waiters = deque()
        self._closed = False
        self._empty = anyio.Event()
