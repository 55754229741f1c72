"""Looks at the number of tokens when its turn has come.

Base: right/plain
Breaks: G8
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        async with self._lock:
            if not 0 < tokens <= self._capacity:
                raise ValueError("tokens must be more than 0 and at most the capacity")
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
