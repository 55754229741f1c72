"""Uses `asyncio.wait_for` and asyncio's clock.

Base: right/plain
Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 R7 G2 G3 G4 G5 G6 G8 G9
"""

import asyncio


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            value = await asyncio.wait_for(func(*args), self.timeout)
        except Exception:
            if openings == self.openings:
                self.failed(probe)
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
