"""Keeps the count in the class: all breakers have one.

Base: right/plain
Breaks: R2
"""


class CircuitBreaker:
    failures = 0

    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.opened_at: float | None = None
        self.openings = 0
        self.probing = False

    def failed(self, probe: bool) -> None:
        CircuitBreaker.failures += 1
        if probe or self.failures >= self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1

    def succeeded(self) -> None:
        CircuitBreaker.failures = 0
        self.opened_at = None
