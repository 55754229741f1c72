"""A cancelled waiter takes the front of the line away, whoever stands there.

Base: right/plain
Breaks: R4
"""

from collections import deque


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        self._line: deque[anyio.Event] = deque()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        turn = anyio.Event()
        self._line.append(turn)
        try:
            if len(self._line) > 1:
                await turn.wait()
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
        finally:
            self._line.popleft()
            if self._line:
                self._line[0].set()
