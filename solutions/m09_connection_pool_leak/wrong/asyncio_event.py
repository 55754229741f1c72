"""Waits on `asyncio.Event`, which trio does not know.

Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 R7 R8 R9 G2 G3 G4 G5 G6 G9
"""

import asyncio


class Waiter:
    ready: asyncio.Event = field(default_factory=asyncio.Event)


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
        self._all_empty = asyncio.Event()
