"""Unwraps a group of one error, as if only a task group of its own could have made it.

Base: right/plain
Breaks: R1
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
        except Exception as error:
            if openings == self.openings:
                self.failed(probe)
            if isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
                raise error.exceptions[0] from None
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
