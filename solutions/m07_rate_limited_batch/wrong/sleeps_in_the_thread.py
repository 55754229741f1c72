"""Waits for short times with `time.sleep`.

Base: right/plain
Breaks: G4
Also: R2
"""

import time


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while (missing := tokens - self.available) > 0:
                if missing / self._rate < 0.03:
                    time.sleep(0.001)
                await anyio.sleep(missing / self._rate)
            self._tokens -= tokens
