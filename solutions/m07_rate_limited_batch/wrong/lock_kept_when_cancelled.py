"""Gives the lock back in the line after the wait.

Base: right/plain
Breaks: R4
Also: G2 G3
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        await self._lock.acquire()
        while self.available < tokens:
            await anyio.sleep((tokens - self._tokens) / self._rate)
        self._tokens -= tokens
        self._lock.release()
