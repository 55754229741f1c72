"""`lock` makes a lock.

Breaks: R10
Also: R6 R7 R8 R9 G1 G3 G2 G4 G5 G6
"""


class LockMonitor:
    def lock(self, name: str) -> MonitoredLock:
        """The lock of that name: the same object each time."""
        self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]
