"""Counts anew when the window is over in which `capacity` tokens come in.

Base: right/plain
Breaks: R2
Also: R1 R3 R4 R7 G6 R6
"""


class TokenBucket:
    def _refill(self) -> None:
        window = self._capacity / self._rate
        while anyio.current_time() >= self._updated + window:
            self._tokens, self._updated = self._capacity, self._updated + window

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep(self._updated + self._capacity / self._rate - anyio.current_time())
            self._tokens -= tokens
