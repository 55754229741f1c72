"""Stays open for ever: nobody closes it.

Base: right/plain
Breaks: R3
Also: R1 R4 R5 R6 R7
"""


class CircuitBreaker:
    @property
    def state(self) -> State:
        if self.opened_at is None:
            return State.CLOSED
        return State.OPEN
