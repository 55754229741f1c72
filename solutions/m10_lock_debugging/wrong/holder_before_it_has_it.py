"""Notes itself as the holder of a free lock before `acquire`, which may still be cancelled.

Breaks: R9
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        if self._lock.locked():
            await self._lock.acquire()
            self._monitor.holdings.add(self.name)
        else:
            self._monitor.holdings.add(self.name)
            await self._lock.acquire()
