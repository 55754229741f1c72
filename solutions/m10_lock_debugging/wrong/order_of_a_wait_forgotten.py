"""Notes an order while a task waits, and takes it back when the wait is over.

Breaks: R6
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        waits = self._lock.locked()
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        if waits:
            self._monitor.forget_order(self.name)
        self._monitor.holdings.add(self.name)


class LockMonitor:
    def forget_order(self, wanted: str) -> None:
        """The current task no longer waits for `wanted`."""
        for name in self.holdings.mine():
            self._after[name].discard(wanted)
