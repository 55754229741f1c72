"""`available` is what was stored when tokens were last taken.

Base: right/plain
Breaks: R2
Also: R4 R7
"""


class TokenBucket:
    @property
    def available(self) -> float:
        return self._tokens

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            self._refill()
            while self._tokens < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
                self._refill()
            self._tokens -= tokens
