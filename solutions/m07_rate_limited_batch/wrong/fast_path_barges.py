"""Takes at once if there are enough tokens, whoever waits.

Base: right/plain
Breaks: R3
Also: R4
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        if self.available >= tokens:
            self._tokens -= tokens
            return
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
