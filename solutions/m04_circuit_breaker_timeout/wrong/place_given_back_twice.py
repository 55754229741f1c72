"""A cancelled probe gives its place back in `except`, and once more in `finally`: then there are two.

Base: right/plain
Breaks: R4
"""


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures = 0
        self.opened_at: float | None = None
        self.openings = 0
        self.places = 1

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        probe = state is State.HALF_OPEN
        if state is State.OPEN or (probe and not self.places):
            raise CircuitOpenError
        if probe:
            self.places -= 1
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if openings == self.openings:
                self.failed(probe)
            raise
        except anyio.get_cancelled_exc_class():
            if probe:
                self.places += 1
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.places += 1
