"""Knows 32 locks; for each new one it forgets the oldest.

Breaks: R10
"""


class LockMonitor:
    def lock(self, name: str) -> MonitoredLock:
        """The lock of that name: the same object each time."""
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
            if len(self._locks) > 32:
                del self._locks[next(iter(self._locks))]
        return self._locks[name]
