"""The lock belongs to the class: one bucket's waiters stand in the other's line.

Base: right/plain
Breaks: R2
"""


class TokenBucket:
    _lock: anyio.Lock | None = None

    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        if TokenBucket._lock is None:
            TokenBucket._lock = anyio.Lock()
