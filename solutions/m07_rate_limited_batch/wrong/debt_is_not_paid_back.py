"""Takes its tokens in advance and then sleeps; a cancelled waiter keeps them.

Base: right/plain
Breaks: R4
"""


class TokenBucket:
    del _refill

    @property
    def available(self) -> float:
        return max(0.0, self._level())

    def _level(self) -> float:
        now = anyio.current_time()
        self._tokens = min(self._capacity, self._tokens + (now - self._updated) * self._rate)
        self._updated = now
        return self._tokens

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        self._tokens = self._level() - tokens
        if self._tokens < 0:
            await anyio.sleep(-self._tokens / self._rate)
