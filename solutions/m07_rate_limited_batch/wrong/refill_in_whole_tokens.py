"""Only whole tokens come in; the rest of the time is lost at each look.

Base: right/plain
Breaks: R2
Also: R1 R3 R4 R7
"""

import math


class TokenBucket:
    def _refill(self) -> None:
        now = anyio.current_time()
        self._tokens = min(self._capacity, self._tokens + int((now - self._updated) * self._rate))
        self._updated = now

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep(math.ceil(tokens - self._tokens) / self._rate)
            self._tokens -= tokens
