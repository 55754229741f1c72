"""Takes the tokens, then passes a checkpoint.

Base: right/plain
Breaks: R4
"""

import anyio.lowlevel


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
        await anyio.lowlevel.checkpoint()
