"""The cooldown begins when the timeout struck, not when the call has cleaned up.

Base: right/plain
Breaks: R3
Also: R4
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        deadline = anyio.current_time() + self.timeout
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if openings == self.openings:
                self.failed(probe, deadline)
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False

    def failed(self, probe: bool, deadline: float) -> None:
        self.failures += 1
        if probe or self.failures >= self.threshold:
            self.opened_at = min(anyio.current_time(), deadline)
            self.openings += 1
