"""Everybody sleeps and looks for itself: who needs little goes first.

Base: right/plain
Breaks: R3
Also: R4
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        while self.available < tokens:
            await anyio.sleep((tokens - self._tokens) / self._rate)
        self._tokens -= tokens
