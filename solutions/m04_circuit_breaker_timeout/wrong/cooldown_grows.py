"""Each cooldown is twice as long as the one before.

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
        self.probing = False
        self.again = 0

    @property
    def state(self) -> State:
        if self.opened_at is None:
            return State.CLOSED
        if anyio.current_time() >= self.opened_at + self.cooldown * 2**self.again:
            return State.HALF_OPEN
        return State.OPEN

    def failed(self, probe: bool) -> None:
        self.failures += 1
        if probe or self.failures >= self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1
            self.again = self.again + 1 if probe else 0
