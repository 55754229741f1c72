"""A lock is a lock.

Breaks: G4
Also: R1 R6 R7 R8 R9 R10 G1 G2 G3 G5 G6 G8 G9
"""

import threading


class MonitoredLock:
    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._lock = threading.Lock()

    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        self._lock.acquire()
        self._monitor.holdings.add(self.name)

    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        if self.name not in self._monitor.holdings.mine():
            raise RuntimeError(f"this task does not hold {self.name!r}")
        self._lock.release()
        self._monitor.holdings.remove(self.name)
