"""Closes after two successful probes.

Base: right/plain
Breaks: R4
Also: R5
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
        self.successes = 0

    def succeeded(self) -> None:
        self.successes = 0 if self.opened_at is None else self.successes + 1
        if self.successes != 1:
            self.failures = self.successes = 0
            self.opened_at = None
