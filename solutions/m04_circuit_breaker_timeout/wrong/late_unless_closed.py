"""Ignores late calls unless the circuit is closed by then.

Base: right/plain
Breaks: R6
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if probe or self.opened_at is None:
                self.failed(probe)
            raise
        else:
            if probe or self.opened_at is None:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
