"""Clear the books, then let the lock complain.

Breaks: R9
Also: R6 R7
"""


class Holdings:
    def remove(self, name: str) -> None:
        """Note that nobody holds the lock `name` any more."""
        self._tasks.pop(name, None)


class MonitoredLock:
    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        self._monitor.holdings.remove(self.name)
        self._lock.release()
