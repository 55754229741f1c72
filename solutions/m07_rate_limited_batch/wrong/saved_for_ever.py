"""Idle time is saved without an end.

Base: right/plain
Breaks: R2
Also: R4
"""


class TokenBucket:
    def _refill(self) -> None:
        now = anyio.current_time()
        self._tokens = self._tokens + (now - self._updated) * self._rate
        self._updated = now
