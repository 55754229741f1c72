"""A cancelled waiter returns without tokens.

Base: right/plain
Breaks: G3
Also: R4
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                try:
                    await anyio.sleep((tokens - self._tokens) / self._rate)
                except anyio.get_cancelled_exc_class():
                    return
            self._tokens -= tokens
