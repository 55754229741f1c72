"""Sleeps once, for what is missing when it came, and then takes without another look.

Base: right/plain
Breaks: R2
Also: R3 R4 R7
"""


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        missing = tokens - self.available
        if missing > 0:
            await anyio.sleep(missing / self._rate)
        self._refill()
        self._tokens = max(0.0, self._tokens - tokens)
