"""Takes names that differ in capitals only for one name.

Breaks: R10
"""


class LockMonitor:
    def lock(self, name: str) -> MonitoredLock:
        """The lock of that name: the same object each time."""
        name = name.lower()
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]
