"""A success counts only if its call began after the last call that failed: in a row means started in a row.

Base: right/plain
Breaks: R2
"""


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened_at: float | None = None
        self.openings = 0
        self.probing = False
        self.calls = self.last_failed = 0

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        self.calls += 1
        number = self.calls
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if openings == self.openings:
                self.failed(probe)
                self.last_failed = max(number, self.last_failed)
            raise
        else:
            if openings == self.openings and number > self.last_failed:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
