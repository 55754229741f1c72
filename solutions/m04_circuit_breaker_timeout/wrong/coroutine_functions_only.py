"""Refuses what is not an `async def` function.

Base: right/plain
Breaks: G9
Also: R3 R4
"""

import inspect


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        if not inspect.iscoroutinefunction(func):
            raise TypeError("func must be an async function")
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
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
