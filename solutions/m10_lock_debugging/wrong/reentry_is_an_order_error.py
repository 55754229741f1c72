"""Taking a lock again is the shortest circle of all.

Breaks: R8
Also: R6 R7
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        self._monitor.holdings.add(self.name)
