"""Keeps the time of the first opening when the circuit has closed and opens again.

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
        self.probing = False
        self.trouble_began: float | None = None

    def failed(self, probe: bool) -> None:
        self.failures += 1
        if probe or self.failures >= self.threshold:
            if probe or self.trouble_began is None:
                self.trouble_began = anyio.current_time()
            self.opened_at = self.trouble_began
            self.openings += 1
