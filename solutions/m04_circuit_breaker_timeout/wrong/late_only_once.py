"""Remembers only whether the circuit is open, not whether it was in between.

Base: right/plain
Breaks: R6
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.opened_at
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if openings == self.opened_at:
                self.failed(probe)
            raise
        else:
            if openings == self.opened_at:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
