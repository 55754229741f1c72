"""Counts who came while a probe ran, and takes only the probe off when it ends: the place stays taken.

Base: right/plain
Breaks: R3
"""


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened_at: float | None = None
        self.openings = 0
        self.waiting = 0

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN:
            raise CircuitOpenError
        probe = state is State.HALF_OPEN
        if probe:
            self.waiting += 1
            if self.waiting > 1:
                raise CircuitOpenError
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
        finally:
            if probe:
                self.waiting -= 1
