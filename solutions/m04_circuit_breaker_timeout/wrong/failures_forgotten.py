"""Forgets failures that are older than the cooldown.

Base: right/plain
Breaks: R2
"""


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures: list[float] = []
        self.opened_at: float | None = None
        self.openings = 0
        self.probing = False

    def failed(self, probe: bool) -> None:
        now = anyio.current_time()
        self.failures = [t for t in self.failures if now - t <= self.cooldown] + [now]
        if probe or len(self.failures) >= self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1

    def succeeded(self) -> None:
        self.failures = []
        self.opened_at = None
