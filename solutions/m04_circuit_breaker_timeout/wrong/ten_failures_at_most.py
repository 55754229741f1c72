"""Remembers the last ten ends of calls: a higher threshold is never reached.

Base: right/plain
Breaks: R2
"""

from collections import deque


class CircuitBreaker:
    def __init__(self, *, timeout: float, threshold: int, cooldown: float) -> None:
        if timeout <= 0 or threshold < 1 or cooldown < 0:
            raise ValueError("timeout must be above 0, threshold at least 1 and cooldown at least 0")
        self.timeout, self.threshold, self.cooldown = timeout, threshold, cooldown
        self.failures: deque[bool] = deque(maxlen=10)
        self.opened_at: float | None = None
        self.openings = 0
        self.probing = False

    def failed(self, probe: bool) -> None:
        self.failures.append(True)
        if probe or len(self.failures) >= self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1

    def succeeded(self) -> None:
        self.failures.clear()
        self.opened_at = None
