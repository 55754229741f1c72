"""Counts the cooldown in whole seconds.

Base: right/plain
Breaks: R3
"""


class CircuitBreaker:
    @property
    def state(self) -> State:
        if self.opened_at is None:
            return State.CLOSED
        if anyio.current_time() >= self.opened_at + int(self.cooldown):
            return State.HALF_OPEN
        return State.OPEN
