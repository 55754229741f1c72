"""Sleeps a hundredth of a second more than needed, to be on the safe side.

Base: right/plain
Breaks: R2
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate + 0.01)
            self._tokens -= tokens
