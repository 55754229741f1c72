"""`release` makes the lock free.

Base: right/own_queue
Breaks: R8
Also: R9 R10
"""


class MonitoredLock:
    def release(self) -> None:
        self._hand_over()
