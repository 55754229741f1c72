"""Waits until the line before a busy lock is gone, and looks at the order then.

Breaks: R6
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        if self._lock.statistics().tasks_waiting:
            async with self._lock:
                pass
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        self._monitor.holdings.add(self.name)
