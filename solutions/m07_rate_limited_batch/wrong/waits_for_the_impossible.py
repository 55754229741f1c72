"""Waits for more than the bucket can ever hold.

Base: right/plain
Breaks: R6
Also: G8 R2 R4
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
