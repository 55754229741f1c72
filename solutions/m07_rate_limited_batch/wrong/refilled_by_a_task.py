"""A task in the background puts the tokens in.

Base: right/plain
Breaks: G2
Also: R1 R2 R3 R4 R7 G1 G3 R5 G6 G4 G8
"""

import asyncio


class TokenBucket:
    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            if self.available < tokens:
                alarm = anyio.Event()
                asyncio.get_running_loop().create_task(self._ring(alarm, (tokens - self._tokens) / self._rate))
                await alarm.wait()
            self._refill()
            self._tokens -= tokens

    async def _ring(self, alarm: anyio.Event, seconds: float) -> None:
        await anyio.sleep(seconds)
        alarm.set()
