"""Opens after more than `threshold` failures.

Base: right/plain
Breaks: R2
Also: R3 R4 R5 R6 G9
"""


class CircuitBreaker:
    def failed(self, probe: bool) -> None:
        self.failures += 1
        if probe or self.failures > self.threshold:
            self.opened_at = anyio.current_time()
            self.openings += 1
