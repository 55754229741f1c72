"""Takes one deadline from the first call on, for all calls.

Base: right/plain
Breaks: R1
Also: R3 R4 R5 R6 G1 G5
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
        self.deadline: float | None = None

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        self.deadline = self.deadline or anyio.current_time() + self.timeout
        try:
            with anyio.fail_after(self.deadline - anyio.current_time()):
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
                self.probing = False
