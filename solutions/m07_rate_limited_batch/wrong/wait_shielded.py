"""Shields the wait, so that the line stays in order.

Base: right/plain
Breaks: G3
Also: R4 R7
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                with anyio.CancelScope(shield=True):
                    await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
