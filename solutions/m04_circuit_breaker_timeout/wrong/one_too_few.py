"""Opens before the failure that reaches `threshold` has been counted.

Base: right/plain
Breaks: R2
Also: R1 R3 R5
"""


class CircuitBreaker:
    def failed(self, probe: bool) -> None:
        self.failures += 1
        if probe or self.failures >= max(1, self.threshold - 1):
            self.opened_at = anyio.current_time()
            self.openings += 1
