"""Nothing, and less than nothing, is granted at once.

Base: right/plain
Breaks: R6
Also: G8
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens > self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
