"""The bucket has to fill up first.

Base: right/plain
Breaks: R1
Also: R2 R4 R7 G2 G3
"""


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = 0.0, anyio.current_time()
        self._lock = anyio.Lock()
