"""Gives the place free by success and failure, not by cancellation.

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

    def failed(self, probe: bool) -> None:
        self.failures += 1
        self.probing = False
        if probe or self.failures >= self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1

    def succeeded(self) -> None:
        self.failures = 0
        self.opened_at = None
        self.probing = False
