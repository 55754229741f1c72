"""A rate of zero is accepted.

Base: right/plain
Breaks: R6
Also: G8
"""


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate < 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        self._lock = anyio.Lock()
