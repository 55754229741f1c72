"""Calls `func` before it looks at the state, and closes the coroutine when it refuses.

Base: right/plain
Breaks: R3
Also: R4 G9
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        awaitable = func(*args)
        state = self.state
        if state is State.OPEN or self.probing:
            awaitable.close()
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await awaitable
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
