"""Once a call was cancelled from outside it counts as nothing, however `func` ended.

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
            with anyio.CancelScope() as scope:
                with anyio.fail_after(self.timeout):
                    value = await func(*args)
        except Exception:
            if openings == self.openings and anyio.current_effective_deadline() != -float("inf"):
                self.failed(probe)
            raise
        else:
            if openings == self.openings and anyio.current_effective_deadline() != -float("inf"):
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
