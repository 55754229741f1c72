"""Looks every hundredth of a second whether there are enough tokens.

Base: right/plain
Breaks: R5
Also: R2 R4 R7 G6 R3
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep(0.2)
            self._tokens -= tokens
