"""Runs `func` in a task group and unwraps what leaves it, also a group that `func` itself raised.

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
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            raise error from None
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
