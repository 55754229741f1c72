"""A lock of asyncio's, and its sleep.

Base: right/plain
Breaks: G1 on trio
Also: R2 R3 R4 R7 G3 R5 G6 G2 G4 G8
"""

import asyncio


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        self._lock = asyncio.Lock()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await asyncio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
