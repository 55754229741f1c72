"""Counts every group as a failure, also one that is not an `Exception`.

Base: right/plain
Breaks: G5
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
        except (Exception, BaseExceptionGroup):
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
