"""asyncio has a lock, too.

Breaks: G1 on trio
Also: R8 R9 R10 R6 R7 G3 G4 G6
"""

import asyncio


class MonitoredLock:
    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._lock = asyncio.Lock()

    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        if self.name not in self._monitor.holdings.mine():
            raise RuntimeError(f"this task does not hold {self.name!r}")
        self._lock.release()
        self._monitor.holdings.remove(self.name)
