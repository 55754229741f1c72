"""Grants one token every `1 / rate` seconds: no bursts.

Base: right/plain
Breaks: R1
Also: R2 R4 R7
"""


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        self._lock = anyio.Lock()
        self._next = anyio.current_time()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            now = anyio.current_time()
            if self._next > now:
                await anyio.sleep(self._next - now)
            self._next = anyio.current_time() + tokens / self._rate
            self._refill()
            self._tokens -= tokens
