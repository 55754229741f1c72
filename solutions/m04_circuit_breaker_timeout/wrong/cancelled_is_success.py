"""Counts in `finally`, and what raised no error has succeeded.

Base: right/plain
Breaks: R5
Also: G5
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        failed = False
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            failed = True
            raise
        else:
            return value
        finally:
            if openings == self.openings:
                if failed:
                    self.failed(probe)
                else:
                    self.succeeded()
            if probe:
                self.probing = False
